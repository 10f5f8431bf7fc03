import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { read } from "./sentences";

const words = { code: (lines: number) => `${lines} lines of code` };
const say = (text: string, ended = true) => read(text, 0, ended, words).sentences;

describe("reading an answer aloud", () => {
  it("waits for the end of a sentence", () => {
    expect(say("The sea is", false)).toEqual([]);
    expect(say("The sea is blue. It moves", false)).toEqual(["The sea is blue."]);
    expect(say("The sea is blue. It moves")).toEqual(["The sea is blue.", "It moves"]);
  });

  it("knows the marks of Japanese, which no space follows", () => {
    expect(say("海は青い。風は", false)).toEqual(["海は青い。"]);
  });

  it("does not break at 3.5 or at the number of a list", () => {
    expect(say("It costs 3.5 euros. Yes.\n")).toEqual(["It costs 3.5 euros.", "Yes."]);
    expect(say("1. First thing\n2. Second thing\n")).toEqual(["1. First thing", "2. Second thing"]);
  });

  it("leaves out the marks of Markdown", () => {
    expect(say("## A **bold** [link](https://x.example) and `code`\n")).toEqual(["A bold link and code"]);
    expect(say("| a | b |\n|---|---|\n| 1 | 2 |\n")).toEqual(["a, b", "1, 2"]);
  });

  it("counts code, once it is whole", () => {
    const code = "Look:\n```python\na = 1\nb = 2\n```\nDone.";
    expect(say(code.slice(0, 22), false)).toEqual(["Look:"]);
    expect(say(code)).toEqual(["Look:", "2 lines of code", "Done."]);
  });

  it("waits after a full-width mark for what belongs to it", () => {
    expect(read("はい。", 0, false, words)).toEqual({ sentences: [], upTo: 0 });
    expect(read("「はい。」そう", 0, false, words).sentences).toEqual(["「はい。」"]);
    expect(read("はい。", 0, true, words).sentences).toEqual(["はい。"]);
  });

  it("says the same, once, however the text grows", () => {
    const piece = fc.constantFrom(
      "One. ",
      "two",
      "\n",
      "```\n",
      "code\n",
      "。",
      "1. ",
      "**",
      "| x |",
      "? ",
      "~~~\n",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(200), { maxLength: 10 }), (pieces, cuts) => {
        const text = pieces.join("");
        const sizes = [...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const said: string[] = [];
        let at = 0;
        for (const [index, size] of sizes.entries()) {
          const reading = read(text.slice(0, size), at, index === sizes.length - 1, words);
          expect(reading.upTo).toBeGreaterThanOrEqual(at);
          at = reading.upTo;
          said.push(...reading.sentences);
        }
        expect(at).toBe(text.length);
        expect(said).toEqual(say(text));
      }),
    );
  });
});
