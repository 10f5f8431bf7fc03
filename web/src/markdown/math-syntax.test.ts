import { describe, expect, it } from "vitest";
import { blockFormula, inlineFormula, maskFormulas } from "./math-syntax";

describe("formulas in text", () => {
  it.each([
    ["$x$", "x", false],
    ["$x^2$ grows", "x^2", false],
    ["$2 + 3 = 5$", "2 + 3 = 5", false],
    ["$\\$5$", "\\$5", false],
    ["$$x$$ y", "x", true],
    ["\\(x\\)", "x", false],
    ["\\[ x \\]", "x", true],
    ["\\(a \\text{ in } B\\)", "a \\text{ in } B", false],
  ])("finds %j", (text, tex, display) => {
    expect(inlineFormula(text, "")).toMatchObject({ tex, display });
  });

  it.each([
    "$5 and $6",
    "$5-$10",
    "$5/$6",
    "$20,000 or maybe 30$",
    "$ x$",
    "$x $",
    "$HOME/$USER",
    "$x$y",
    "$a `b$ c`",
    "$a\n\nb$",
    "$$",
    "$$$$",
    "\\(\\)",
    "\\[1\\]",
    "\\[see note\\]",
    "\\[text\\](https://a.example)",
    "\\(a\n\nb\\)",
  ])("leaves %j alone", (text) => {
    expect(inlineFormula(text, "")).toBeNull();
  });

  it("lets no dollar open behind a letter or a digit", () => {
    expect(inlineFormula("$5 to CA$", "S")).toBeNull();
    expect(inlineFormula("$x$", "4")).toBeNull();
  });

  it("finds display formulas over whole lines, and only there", () => {
    expect(blockFormula("$$\nx\n$$\nafter")).toMatchObject({ raw: "$$\nx\n$$\n", tex: "x" });
    expect(blockFormula("\\[x\n+ y\\]")).toMatchObject({ tex: "x\n+ y" });
    expect(blockFormula("\\begin{align*}\na&=b\n\\end{align*}\n")).toMatchObject({
      tex: "\\begin{align*}\na&=b\n\\end{align*}",
    });
    expect(blockFormula("$$x$$ is text")).toBeNull();
    expect(blockFormula("$$\nx\n\ny\n$$")).toBeNull();
    expect(blockFormula("\\begin{document}\nx\n\\end{document}")).toBeNull();
  });

  it("hides a formula's inside from emphasis, and nothing else", () => {
    const text = "*a $x*y$ b*";
    expect(maskFormulas(text, text)).toBe("*a aaaaa b*");
    expect(maskFormulas("$5 *a* $6", "$5 *a* $6")).toBe("$5 *a* $6");
  });
});
