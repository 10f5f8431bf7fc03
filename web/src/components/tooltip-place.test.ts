import fc from "fast-check";
import { expect, test } from "vitest";
import { place, type Side } from "./tooltip-place";

const WINDOW = { width: 1000, height: 600 };
const SIZE = { width: 120, height: 24 };

test("a tooltip stands on the side that is wanted, in the middle of its control", () => {
  const anchor = { left: 400, top: 300, width: 40, height: 40 };
  expect(place(anchor, SIZE, WINDOW, "bottom")).toEqual({ left: 360, top: 346 });
  expect(place(anchor, SIZE, WINDOW, "top")).toEqual({ left: 360, top: 270 });
  expect(place(anchor, SIZE, WINDOW, "left")).toEqual({ left: 274, top: 308 });
  expect(place(anchor, SIZE, WINDOW, "right")).toEqual({ left: 446, top: 308 });
});

test("where there is no room it stands on the other side", () => {
  expect(place({ left: 400, top: 570, width: 40, height: 20 }, SIZE, WINDOW, "bottom").top).toBe(540);
  expect(place({ left: 400, top: 4, width: 40, height: 20 }, SIZE, WINDOW, "top").top).toBe(30);
});

test("whatever its control, it stays in the window, and covers the control only where neither side has room", () => {
  const number = fc.integer({ min: 0, max: 900 });
  const side = fc.constantFrom<Side>("top", "right", "bottom", "left");
  fc.assert(
    fc.property(number, number, fc.integer({ min: 1, max: 80 }), side, (left, top, length, wanted) => {
      const anchor = { left, top: Math.min(top, 560), width: length, height: Math.min(length, 40) };
      const at = place(anchor, SIZE, WINDOW, wanted);
      expect(at.left).toBeGreaterThanOrEqual(8);
      expect(at.top).toBeGreaterThanOrEqual(8);
      expect(at.left + SIZE.width).toBeLessThanOrEqual(WINDOW.width - 8);
      expect(at.top + SIZE.height).toBeLessThanOrEqual(WINDOW.height - 8);
      if (wanted === "left" || wanted === "right") return; // at a corner it may have to slide
      const apart = at.top + SIZE.height <= anchor.top || at.top >= anchor.top + anchor.height;
      expect(apart).toBe(true);
    }),
  );
});
