import { expect, test } from "vitest";
import { fr } from "./fr";
import { typeset } from "./french";
import { loadWords, translate } from "./index";

test("no line of French begins with its sign, or ends with a quote that opens", async () => {
  await loadWords("fr");
  for (const key of Object.keys(fr) as (keyof typeof fr)[])
    expect(translate("fr", key), key).not.toMatch(/ [;:!?»]|« /);
  expect(typeset("« Fin » : vraiment ?")).toBe("«\u00a0Fin\u00a0»\u00a0: vraiment\u202f?");
});
