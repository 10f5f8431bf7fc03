import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_COLUMNS, MAX_DEPTH, MAX_NODES, MAX_TEXT } from "./limits";
import type { Block } from "./nodes";
import { Reader } from "./reader";
import { toRichText } from "./rich-text";

const MEGABYTE = 1_000_000;

function filled(part: string, length = MEGABYTE): string {
  return part.repeat(Math.ceil(length / part.length)).slice(0, length);
}

// Each of them took minutes, or all memory, before there was a limit for it.
const HUGE: Record<string, string> = {
  "brackets that open": filled("["),
  "links that do not close": filled("[a](b"),
  "stars and underscores": filled("*a_b~~c"),
  "backticks of every length": Array.from({ length: 1400 }, (_, length) => "`".repeat(length)).join(" "),
  dollars: filled("$"),
  "formulas that open": filled("\\("),
  "tags that open": filled("<a "),
  "lists 10,000 deep on a line": filled("- ", 20_000),
  "lists 1,400 deep": Array.from({ length: 1400 }, (_, depth) => `${" ".repeat(depth)}- a`).join("\n"),
  quotes: filled("> "),
  "quotes with lazy lines": filled("> a\nb\n"),
  "a table of 5,000 columns": `${filled("|a", 10_000)}|\n${filled("|-", 10_000)}|\n${filled("a\n")}`,
  "a table of many rows": `|a|b|\n|-|-|\n${filled("|a|b|\n")}`,
  "a list of 250,000": filled("- a\n"),
  headings: filled("# a\n"),
  "formulas line by line": filled("$$\nx\n"),
  definitions: filled('[a]: b "\n'),
  notes: filled("[^a]: x\n"),
  "one word": filled("x"),
  "one code block": `\`\`\`\n${filled("a\n")}`,
};

describe("a text of a megabyte", () => {
  it.each(Object.entries(HUGE))("ends, and keeps all of its text: %s", { timeout: 60_000 }, (_, text) => {
    const pieces = new Reader().read(text, false);
    for (const piece of pieces) expect(piece.elements).toBeLessThanOrEqual(MAX_NODES);
    const read = pieces.reduce((sum, piece) => sum + piece.raw.length, 0);
    // blank lines and definitions alone have no piece
    if (!/\n|\[a\]:/.test(text)) expect(read).toBe(text.length);
    expect(pieces.some((piece) => piece.key + piece.raw.length >= Math.min(text.length, MAX_TEXT) - 100)).toBe(true);
  });

  it("shows what is beyond the limit as it was written", () => {
    const text = `${filled("word ", MAX_TEXT)}**not read**`;
    const last = new Reader().read(text, false).at(-1);
    expect(last?.block).toEqual({ type: "source", text: "**not read**" });
  });
});

function depthOf(block: Block): number {
  const inside =
    block.type === "quote" ? block.children : block.type === "list" ? block.items.flatMap((item) => item.children) : [];
  return 1 + Math.max(0, ...inside.map(depthOf));
}

describe("any text of repeated marks", () => {
  it("is bounded in depth and number, whole and while it grows", { timeout: 60_000 }, () => {
    const mark = fc.constantFrom(
      "[",
      "](",
      "*",
      "**",
      "_",
      "`",
      "```\n",
      "> ",
      "- ",
      "  ",
      "\n",
      "\n\n",
      "|",
      "|-",
      "$",
      "$$",
      "\\[",
      "\\(",
      "<",
      "![",
      "~~",
      "a",
      "1. ",
      "#",
      "&#1;",
      "[^",
      "]:",
    );
    const run = fc.tuple(mark, fc.integer({ min: 1, max: 400 })).map(([part, times]) => part.repeat(times));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
        const text = runs.join("");
        const reader = new Reader();
        reader.read(text.slice(0, text.length / 2), true);
        reader.read(text, true);
        for (const piece of reader.read(text, false)) {
          expect(piece.elements).toBeLessThanOrEqual(MAX_NODES);
          expect(depthOf(piece.block)).toBeLessThanOrEqual(MAX_DEPTH + 2);
          if (piece.block.type === "table") expect(piece.block.head.length).toBeLessThanOrEqual(MAX_COLUMNS);
        }
        toRichText(text);
      }),
      { numRuns: 150 },
    );
  });
});
