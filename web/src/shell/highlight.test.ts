import fc from "fast-check";
import { expect, test } from "vitest";
import { pieces } from "./highlight";

const shown = (text: string, marks: [number, number][]) =>
  pieces(text, marks).map((piece) => (piece.marked ? `[${piece.text}]` : piece.text));

test("hits are marked in their order", () => {
  expect(
    shown("the tide, the time", [
      [14, 16],
      [4, 6],
    ]),
  ).toEqual(["the ", "[ti]", "de, the ", "[ti]", "me"]);
});

test("ranges that overlap, are empty, backward or outside do no harm", () => {
  expect(
    shown("abcdef", [
      [1, 3],
      [2, 4],
    ]),
  ).toEqual(["a", "[bc]", "[d]", "ef"]);
  expect(
    shown("abc", [
      [1, 1],
      [2, 1],
      [-5, 1],
      [2, 99],
      [Number.NaN, 0],
    ]),
  ).toEqual(["[a]", "b", "[c]"]);
  expect(shown("", [[0, 3]])).toEqual([]);
});

test("a range never cuts a character in half", () => {
  expect(shown("a🙂b", [[2, 4]])).toEqual(["a", "[🙂b]"]);
  expect(shown("a🙂b", [[0, 2]])).toEqual(["[a]", "🙂b"]);
});

test("whatever the ranges, the pieces join to the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.tuple(fc.integer(), fc.integer())), (text, marks) => {
      const found = pieces(text, marks);
      expect(found.map((piece) => piece.text).join("")).toBe(text);
      let place = 0;
      for (const piece of found) {
        expect(piece.start).toBe(place);
        place += piece.text.length;
      }
    }),
  );
});
