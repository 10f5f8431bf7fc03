import fc from "fast-check";
import { expect, test } from "vitest";
import { spanWords } from "@/i18n/amounts";
import { endOfWait } from "./waiting";

test("a span is said in the unit that fits, rounded up", () => {
  expect([0, 0.2, 59, 60, 61, 899.1, 3600, 3601].map((seconds) => spanWords(seconds, "en"))).toEqual([
    "1 second",
    "1 second",
    "59 seconds",
    "1 minute",
    "2 minutes",
    "15 minutes",
    "60 minutes",
    "2 hours",
  ]);
  expect([spanWords(300, "fr"), spanWords(300, "ja")]).toEqual(["5 minutes", "5 分"]);
});

test("the moment that is said is never before the end of the wait, and within a minute of it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 0, max: 86_399 }), (wait, second) => {
      const now = new Date(2026, 0, 5, 0, 0, second);
      const said = endOfWait(wait, now, "fr").split(":").map(Number);
      const [hours = 0, minutes = 0, seconds = 0] = said;
      const off = (hours * 3600 + minutes * 60 + seconds - second - wait + 86_400) % 86_400;
      expect(off).toBeLessThan(60);
    }),
  );
});
