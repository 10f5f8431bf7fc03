import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { directionOf, directionOfText } from "./direction";
import { Reader } from "./reader";

const of = (text: string) => directionOf(new Reader().read(text, false).map(({ block }) => block));

describe("the direction of a block", () => {
  it.each([
    ["- שלום\n- hello", "rtl"],
    ["1. hello\n2. שלום", "ltr"],
    ["> 12 **مرحبا**", "rtl"],
    ["> - > مرحبا", "rtl"],
    ["| البند | cost |\n| --- | --- |\n| a | b |", "rtl"],
    ["- 日本語", "ltr"],
    ["- `code` مرحبا", "rtl"],
    ["- 1, 2, 3", undefined],
  ])("is that of its first letter: %s", (text, direction) => {
    expect(of(text)).toBe(direction);
  });

  it("does not depend on what is no letter, nor on what comes later", () => {
    const filler = fc.string({ unit: fc.constantFrom(..." 0123456789.,;:!?()-–€%") });
    fc.assert(
      fc.property(filler, fc.constantFrom("a", "é", "日", "ش", "ש"), fc.string(), (before, letter, after) => {
        expect(directionOfText(before + letter + after)).toBe("شש".includes(letter) ? "rtl" : "ltr");
      }),
    );
  });
});
