import fc from "fast-check";
import { expect, test } from "vitest";
import { indexesOf, inSight, NONE, type Sight, type Standing, standing } from "./rows";

const WINDOW = 800; // px

/** What is seen at `top` of rows that are so high. */
function sightOf(heights: readonly number[], top: number): Sight {
  let sum = 0;
  const ends = heights.map((height) => {
    sum += height;
    return sum;
  });
  const between = (from: number, to: number): Standing => {
    const first = ends.findIndex((end) => end > from);
    const last = heights.findLastIndex((height, at) => (ends[at] ?? 0) - height < to);
    return first < 0 || last < first ? NONE : { first, end: last + 1 };
  };
  const { first, end } = between(top, top + WINDOW);
  const within = (pixels: number) => between(top - pixels, top + WINDOW + pixels);
  return { startIndex: first, endIndex: end - 1, count: heights.length, within };
}

/** A reader who scrolls and jumps, through rows of every height. */
const walk = fc.array(fc.integer({ min: 20, max: 3_000 }), { minLength: 1, maxLength: 120 }).chain((heights) => {
  const most = Math.max(0, heights.reduce((sum, height) => sum + height, 0) - WINDOW);
  return fc.array(
    fc.nat(most).map((top) => sightOf(heights, top)),
    { minLength: 1, maxLength: 20 },
  );
});

test("whatever was seen before, what is in sight stands, with 400 pixels and two rows around it, and nothing farther than 1,600 is made or kept", () => {
  fc.assert(
    fc.property(walk, (sights) => {
      let now = NONE;
      for (const sight of sights) {
        const before = now;
        now = standing(sight, before);
        const [near, far] = [sight.within(400), sight.within(1_600)];
        expect(now.first).toBeLessThanOrEqual(Math.max(0, Math.min(near.first, sight.startIndex - 2)));
        expect(now.end).toBeGreaterThanOrEqual(Math.min(sight.count, Math.max(near.end, sight.endIndex + 3)));
        if (now === before) continue;
        expect(now.first).toBeGreaterThanOrEqual(Math.max(0, Math.min(far.first, sight.startIndex - 2)));
        expect(now.end).toBeLessThanOrEqual(Math.min(sight.count, Math.max(far.end, sight.endIndex + 3)));
      }
    }),
  );
});

test("scrolling changes what stands once in more than a window, in both directions, and turning round at once does not", () => {
  const heights = Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? 80 : 260));
  for (const step of [40, -40]) {
    let now = standing(sightOf(heights, 30_000), NONE);
    const changes: number[] = [];
    for (let moved = 0; moved <= 24_000; moved += 40) {
      const next = standing(sightOf(heights, 30_000 + Math.sign(step) * moved), now);
      if (next !== now) changes.push(moved);
      now = next;
    }
    const pauses = changes.slice(1).map((at, index) => at - (changes[index] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(1_000);
    const turned = 30_000 + Math.sign(step) * (24_000 - 200);
    expect(standing(sightOf(heights, turned), now)).toBe(now);
  }
});

test("when others stand, those that stood near the window still do", () => {
  const heights = Array.from({ length: 400 }, () => 100);
  const before = standing(sightOf(heights, 20_000), NONE);
  const after = standing(sightOf(heights, 18_700), before);
  expect(after).not.toBe(before);
  expect(after.first).toBeLessThan(before.first);
  expect(after.end).toBe(202); // 700 px below the window
});

test("a conversation that became shorter leaves no row behind", () => {
  const long = standing(sightOf(Array(300).fill(100), 28_000), NONE);
  const short = standing(sightOf(Array(285).fill(100), 27_700), long);
  expect(short.end).toBe(285);
});

test("a conversation opens with what is in sight, and a row beside it", () => {
  expect(inSight({ startIndex: 90, endIndex: 99, count: 100 })).toEqual({ first: 89, end: 100 });
});

test("an empty conversation has no rows", () => {
  expect(indexesOf(standing({ startIndex: 0, endIndex: -1, count: 0, within: () => NONE }, NONE))).toEqual([]);
});
