import fc from "fast-check";
import { expect, test } from "vitest";
import { indexesOf, NONE, type Sight, standing } from "./rows";

/** A reader who scrolls, jumps, and sees the conversation and the window grow and shrink. */
const walk = fc.array(
  fc.tuple(fc.nat(1_000), fc.nat(40), fc.nat(300)).map(
    ([startIndex, seen, more]): Sight => ({
      startIndex,
      endIndex: startIndex + seen,
      count: startIndex + seen + 1 + more,
    }),
  ),
  { minLength: 1, maxLength: 20 },
);

test("whatever was seen before, what is in sight stands, with six rows around it, and never all of a long conversation", () => {
  fc.assert(
    fc.property(walk, (sights) => {
      let now = NONE;
      for (const sight of sights) {
        now = standing(sight, now);
        expect(now.first).toBeGreaterThanOrEqual(0);
        expect(now.first).toBeLessThanOrEqual(Math.max(0, sight.startIndex - 6));
        expect(now.end).toBeGreaterThanOrEqual(Math.min(sight.count, sight.endIndex + 7));
        expect(now.end).toBeLessThanOrEqual(sight.count);
        expect(now.end - now.first).toBeLessThanOrEqual(sight.endIndex + 1 - sight.startIndex + 48);
      }
    }),
  );
});

test("scrolling by a row changes what stands once in eleven rows, in both directions", () => {
  for (const step of [1, -1]) {
    let now = standing({ startIndex: 500, endIndex: 504, count: 1_000 }, NONE);
    let changes = 0;
    for (let moved = 1; moved <= 110; moved++) {
      const next = standing({ startIndex: 500 + step * moved, endIndex: 504 + step * moved, count: 1_000 }, now);
      if (next !== now) changes++;
      now = next;
    }
    expect(changes).toBe(10);
  }
});

test("an empty conversation has no rows", () => {
  expect(indexesOf(standing({ startIndex: 0, endIndex: -1, count: 0 }, NONE))).toEqual([]);
});
