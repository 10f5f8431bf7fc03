import { expect, test } from "vitest";
import type { ConversationSummary, SearchHit } from "@/api/types";
import { type Command, hasWords, placeAfter, sectionsOf } from "./palette-items";

const commands: Command[] = ["New chat", "Theme: Dark", "Réglages"].map((label) => ({
  id: label,
  label,
  icon: null,
  run() {},
}));
const recent = Array.from({ length: 9 }, (_, n) => ({ id: String(n), title: `t${n}` }) as ConversationSummary); // read: id and title
const hits: SearchHit[] = Array.from({ length: 20 }, (_, n) => ({
  conversation: String(n),
  title: "",
  message: null,
  archived: false,
  excerpt: "",
  marks: [],
  created: "2026-01-01T00:00:00Z",
}));

const kinds = (text: string, found = hits) =>
  sectionsOf({ text, commands, recent, hits: found }).map(({ kind, items }) => [kind, items.length]);

test("nothing typed: a few recent conversations and every command", () => {
  expect(kinds("  ")).toEqual([
    ["recent", 6],
    ["commands", 3],
  ]);
});

test("something typed: the commands that have it, the hits, and the way to all of them", () => {
  expect(kinds("dark")).toEqual([
    ["commands", 1],
    ["hits", 13],
  ]);
  expect(kinds("zzz", [])).toEqual([]);
});

test("words are found whatever the case, the accents and the order", () => {
  expect(hasWords("Réglages", "REGL")).toBe(true);
  expect(hasWords("Theme: Dark", "dark the")).toBe(true);
  expect(hasWords("テーマ：ダーク", "ダーク")).toBe(true);
  expect(hasWords("Theme: Dark", "light")).toBe(false);
});

test("arrow keys go around both ends, other keys are the field's", () => {
  expect(placeAfter(2, 3, "ArrowDown")).toBe(0);
  expect(placeAfter(0, 3, "ArrowUp")).toBe(2);
  expect(placeAfter(0, 0, "ArrowDown")).toBeNull();
  expect(placeAfter(0, 3, "Home")).toBeNull();
});
