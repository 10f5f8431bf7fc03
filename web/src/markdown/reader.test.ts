import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Block } from "./nodes";
import { Reader } from "./reader";

function whole(text: string): Block[] {
  return new Reader().read(text, false).map((piece) => piece.block);
}

/** Fed in pieces; the blocks that stand at the end of the stream, before it is said to have ended. */
function grown(text: string, step: number): { reader: Reader; last: readonly { block: Block; key: number }[] } {
  const reader = new Reader();
  let last: readonly { block: Block; key: number }[] = [];
  for (let at = step; at < text.length + step; at += step) last = reader.read(text.slice(0, at), true);
  return { reader, last };
}

const SAMPLES = [
  "# Title\n\nA **bold** word and `code`.\n\n- one\n- two\n\n  more of two\n\n3. three\n\n> quote\n> goes on\n\nend\n",
  "1. a\n\n2. b\n\n3. c\n\ntext\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\nafter\n",
  "Text[^1] and [a link][docs].\n\nMore.\n\n[^1]: The note.\n\n    Its second paragraph.\n\n[docs]: https://example.org/docs\n\nLast.\n",
  "```py\nprint(1)\n\n\nprint(2)\n```\n\nAnd then\n\n~~~\nx\n~~~\n",
  "\\[\nx = 1\n+ y\n\\]\n\nSo $a_b$ and $$c$$.\n\n$$\nz\n$$\n\ndone\n",
  "Setext\n===\n\nOther\n---\n\n---\n\n    indented\n\n- [ ] to do\n- [x] done\n",
  "a\r\n\r\nb\r\n\r\n* c\r\n",
];

const PARTS = [
  "# ",
  "- ",
  "1. ",
  "2. ",
  "> ",
  "    ",
  "```\n",
  "~~~\n",
  "$$\n",
  "\\[",
  "\\]",
  "|",
  "a|b\n",
  "-|-\n",
  "---\n",
  "===\n",
].concat(
  [
    "\n",
    "\n\n",
    "\n\n",
    "\n\n",
    "word ",
    "Word\n",
    "**",
    "*",
    "_",
    "`",
    "[^1]",
    "[^1]: ",
    "[a]",
    "[a]: https://a.example\n",
  ],
  [
    "(https://b.example)",
    "$",
    "x",
    "\\",
    "<div>",
    "  \n",
    "- [ ] ",
    "https://c.example",
    "\\begin{align}\n",
    "\\end{align}\n",
  ],
);

describe("a growing answer", () => {
  it.each(SAMPLES)("reads the same whether it comes whole or by character: %j", (text) => {
    const { reader } = grown(text, 1);
    expect(reader.read(text, false).map((piece) => piece.block)).toEqual(whole(text));
  });

  it("settles only what the whole reading has too, for any text of Markdown's pieces", () => {
    const part = fc.constantFrom(...PARTS);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (parts, step) => {
        const text = parts.join("");
        const { reader, last } = grown(text, step);
        const expected = new Map(new Reader().read(text, false).map((piece) => [piece.key, piece.block]));
        for (const { key, block } of last) if (key < reader.settled) expect(block).toEqual(expected.get(key));
        expect(reader.read(text, false).map((piece) => piece.block)).toEqual([...expected.values()]);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps the objects of finished blocks while the last one grows, and when the stream ends", () => {
    const text = "First paragraph.\n\n- a list\n- of two\n\nSecond **paragraph** grows and grows.";
    const reader = new Reader();
    const early = reader.read(text.slice(0, 50), true);
    const later = reader.read(text, true);
    const ended = reader.read(text, false);
    expect(later[0]?.block).toBe(early[0]?.block);
    expect(later[1]?.block).toBe(early[1]?.block);
    expect(ended[0]?.block).toBe(early[0]?.block);
    expect(ended[1]?.block).toBe(early[1]?.block);
    expect(ended.map((piece) => piece.key)).toEqual(later.map((piece) => piece.key));
  });

  it("reads again the blocks that a later definition turns into links, and no others", () => {
    const text = "See [docs].\n\nNo brackets here.\n\nNor [this].\n\nEnd\n\n[docs]: https://example.org\n\nAfter";
    const reader = new Reader();
    const early = reader.read(text.slice(0, 45), true);
    const later = reader.read(text, true);
    expect(early[0]?.block).toMatchObject({ children: [{ type: "text", text: "See [docs]." }] });
    expect(later[0]?.block).toMatchObject({
      children: [{ type: "text" }, { type: "link", href: "https://example.org/" }, {}],
    });
    expect(later[1]?.block).toBe(early[1]?.block);
  });

  it("shows a formula that has begun wherever it stands", () => {
    for (const before of ["", "Text\n", "# Title\n", "- item ", "```\nx\n```\n", "> quote\n> "]) {
      const pieces = new Reader().read(`${before}$$\nx^2`, true);
      const last = JSON.stringify(pieces.at(-1)?.block);
      expect(last).toContain('"type":"formula"');
      expect(last).toContain("x^2");
    }
  });

  it("begins anew with a text that is another one", () => {
    const reader = new Reader();
    reader.read("One.\n\nTwo.\n\nThree.\n\nFour", true);
    expect(reader.read("Other.\n\nText", true).map((piece) => piece.block)).toEqual(whole("Other.\n\nText"));
  });
});
