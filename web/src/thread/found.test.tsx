import { describe, expect, it } from "vitest";
import { placesOf } from "./found";

function rowOf(html: string): HTMLElement {
  const row = document.createElement("div");
  row.innerHTML = html;
  return row;
}
const words = (html: string, searched: string) => placesOf(rowOf(html), searched).map(String);

describe("the words that were searched for", () => {
  it("are found in every piece of the text, whatever the case and the accents", () => {
    expect(words("<p>An <b>Été</b> by the sea, été again</p><p>nothing</p>", "ete sea")).toEqual(["Été", "été", "sea"]);
  });

  it("are found behind signs that take more units than one, and where one sign stands for several letters", () => {
    expect(words("<p>😀 ﬁn de journée</p>", "fin journee")).toEqual(["ﬁn", "journée"]);
  });

  it("are none where nothing was searched for", () => {
    expect(words("<p>text</p>", "  ")).toEqual([]);
  });
});
