import { expect, test } from "vitest";
import { en } from "./en";
import { fr } from "./fr";
import { type Key, preferred, translate } from "./index";
import { ja } from "./ja";

/** The keys of a catalog are keys: its type says so, which `Object.keys` forgets. */
const KEYS = Object.keys(en) as Key[];
/** What a text asks to be filled in, plurals by their name alone. */
const holes = (text: string) => [...text.matchAll(/\{(\w+)/g)].map(([, name]) => name).toSorted();

test.each([
  ["fr", fr],
  ["ja", ja],
] as const)("%s says everything that English says, with the same values", (_, words) => {
  expect(Object.keys(words).toSorted()).toEqual(KEYS.toSorted());
  for (const key of KEYS) {
    expect(words[key].trim(), key).not.toBe("");
    expect(new Set(holes(words[key])), key).toEqual(new Set(holes(en[key])));
  }
});

test("each language says what went wrong in words of its own, with what the server said of this time", () => {
  const detailed = KEYS.filter((key) => key.startsWith("error.") && holes(fr[key]).includes("detail"));
  expect(detailed.length).toBeGreaterThan(20);
  for (const words of [en, fr, ja]) {
    for (const key of detailed) {
      expect(words[key], key).toContain("{detail}");
      expect(words[key].replace("{detail}", "").length, key).toBeGreaterThan(5);
    }
  }
});

test("no text has a plural without its number, or braces that are left over", () => {
  for (const words of [en, fr, ja]) {
    for (const key of KEYS) {
      for (const [, one, other] of words[key].matchAll(/\{\w+\|([^{}|]*)\|([^{}|]*)\}/g))
        expect(`${one}${other}`, key).toContain("#");
      expect(words[key].replace(/\{\w+(\|[^{}|]*\|[^{}|]*)?\}/g, ""), key).not.toMatch(/[{}|]/);
    }
  }
});

test("every text is said somewhere", () => {
  const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!./**", "!../**/*.test.*", "!../gallery/**"], {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const page = Object.values(sources).join("\n");
  const beginnings = [...page.matchAll(/`(\w+\.\w*)\$\{/g)].map(([, beginning = ""]) => beginning);
  const said = (key: string) => page.includes(`"${key}"`) || beginnings.some((beginning) => key.startsWith(beginning));
  expect(page).toContain('"common.cancel"');
  expect(KEYS.filter((key) => !said(key))).toEqual([]);
});

test("numbers and plurals follow the language", () => {
  expect(translate("en", "palette.count", { count: 1 })).toBe("1 result");
  expect(translate("en", "palette.count", { count: 1200 })).toBe("1,200 results");
  expect(translate("fr", "palette.count", { count: 0 })).toBe("0 résultat");
  expect(translate("ja", "palette.count", { count: 3 })).toBe("3件");
  expect(translate("en", "sampling.faultLong", { most: 32_000 })).toContain("32,000");
  expect(translate("fr", "sampling.faultRange", { least: 0, most: 1.5 })).toContain("0 à 1,5");
});

test("the browser's first language that there are words for is taken, else English", () => {
  expect(preferred(["de-DE", "fr-CA", "en"])).toBe("fr");
  expect(preferred(["ja"])).toBe("ja");
  expect(preferred([])).toBe("en");
});
