import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mend } from "./tail";

describe("the end of an unfinished answer", () => {
  it.each([
    ["a **bo", "a **bo**"],
    ["a **bold*", "a **bold**"],
    ["a **bold**", "a **bold**"],
    ["a **", "a "],
    ["a *b **c", "a *b **c***"],
    ["a *b **c**", "a *b **c***"],
    ["a **b ", "a **b** "],
    ["a ~~gone", "a ~~gone~~"],
    ["a _b_ c_d", "a _b_ c_d"],
    ["2 * 3 and 4*5", "2 * 3 and 4*5"],
    ["run `make", "run `make`"],
    ["run `", "run "],
    ["run ``a ` b`", "run ``a ` b``"],
    ["**bold `code", "**bold `code`**"],
  ])("closes emphasis and code: %j", (cut, closed) => {
    expect(mend(cut)).toEqual({ text: closed, formula: null });
  });

  it.each([
    ["see [the docs", "see the docs"],
    ["see [the docs]", "see the docs"],
    ["see [the docs](htt", "see the docs"],
    ["see [the **docs](htt", "see the **docs**"],
    ["see [the docs](https://a.example)", "see [the docs](https://a.example)"],
    ["see [the docs](https://a.example/b_(c", "see the docs"],
    ["see ![a cat](https://a.ex", "see a cat"],
    ["see [docs][re", "see docs"],
    ["Dear [name], hello", "Dear [name], hello"],
    ["fact[^1", "fact"],
    ["fact[^1]", "fact"],
    ["fact[^1].", "fact[^1]."],
  ])("never shows half a link as one: %j", (cut, closed) => {
    expect(mend(cut)).toEqual({ text: closed, formula: null });
  });

  it.each([
    ["```", "```"],
    ["```pyth", "```"],
    ["```py\nprint(", "```py\nprint("],
    ["```py\nprint()\n``", "```py\nprint()"],
    ["```py\nprint()\n```\nthen **bo", "```py\nprint()\n```\nthen **bo**"],
    ["- ```py\n  a *b", "- ```py\n  a *b"],
    ["~~~\na `b", "~~~\na `b"],
  ])("keeps a fence open without flicker: %j", (cut, closed) => {
    expect(mend(cut)).toEqual({ text: closed, formula: null });
  });

  it.each([
    ["Text\n-", "Text"],
    ["Text\n--", "Text"],
    ["Text\n=", "Text"],
    ["Text\n\n##", "Text\n\n"],
    ["- one\n- ", "- one"],
    ["1. one\n2.", "1. one"],
    ["> quote\n>", "> quote"],
    ["Text\n``", "Text"],
    ["Text\n\n[docs]: https://exa", "Text\n\n"],
    ["- one\n- **tw", "- one\n- **tw**"],
    ["> a **b\n> c", "> a **b\n> c**"],
  ])("holds back what does not say yet what it is: %j", (cut, closed) => {
    expect(mend(cut)).toEqual({ text: closed, formula: null });
  });

  it.each([
    ["| a | b", "| a | b|\n|---|---|"],
    ["| a | **b", "| a | **b**|\n|---|---|"],
    ["| a | b |\n|--", "| a | b |\n|--|---|"],
    ["| a | b |\n|:-:|-", "| a | b |\n|:-:|-|"],
    ["| a | b |\n|---|---|\n| 1 | **2", "| a | b |\n|---|---|\n| 1 | **2**"],
    ["Text\n| a | b |\n", "Text\n| a | b |\n|---|---|"],
  ])("takes a line of bars for a table's head at once: %j", (cut, closed) => {
    expect(mend(cut)).toEqual({ text: closed, formula: null });
  });

  it.each([
    ["so \\(a_b", "so ", "\\(a_b"],
    ["so\n\\[\na\n+ b", "so\n", "\\[\na\n+ b"],
    ["$$\nx^2", "", "$$\nx^2"],
    ["\\begin{align}\na &= b", "", "\\begin{align}\na &= b"],
    ["**so \\(x", "**so** ", "\\(x"],
  ])("takes a formula that has begun off the text: %j", (cut, text, formula) => {
    expect(mend(cut)).toEqual({ text, formula });
  });

  it("leaves prices and escaped brackets alone", () => {
    for (const text of ["$5 and $6", "from $5", "\\[1\\] is", "a \\[note"])
      expect(mend(text)).toEqual({ text, formula: null });
  });

  it("ends on any text, adds nothing but closing marks, and changes nothing before the last paragraph", () => {
    const part = fc.constantFrom(
      "**",
      "*",
      "_",
      "`",
      "```\n",
      "[",
      "](",
      ")",
      "|",
      "\n",
      "\n\n",
      "$$",
      "\\(",
      "\\",
      "a",
      " ",
      "- ",
      "> ",
      "#",
      "~~",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const { text: mended, formula } = mend(text);
        const kept = text.lastIndexOf("\n\n");
        if (kept >= 0 && formula === null) expect(mended.startsWith(text.slice(0, kept).trimEnd())).toBe(true);
        expect(mended.length).toBeLessThanOrEqual(text.length * 6 + 8);
      }),
      { numRuns: 2000 },
    );
  });
});
