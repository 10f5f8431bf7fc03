import { expect, test } from "vitest";
import { keyEnds } from "./key-ends";

const NOW = new Date(2026, 2, 3, 12);

test("never, after so many days, or with the end of a day where the reader is", () => {
  expect(keyEnds("never", "", NOW)).toEqual({ at: null });
  expect(keyEnds("30", "ignored", NOW)).toEqual({ at: new Date(NOW.getTime() + 30 * 86_400_000).toISOString() });
  expect(keyEnds("day", "2026-03-03", NOW)).toEqual({ at: new Date(2026, 2, 3, 23, 59, 59).toISOString() });
});

test.each(["", "2026-03-02", "2026-02-30", "tomorrow", "2026-13-01"])("%j is no day to end on", (day) => {
  expect(keyEnds("day", day, NOW)).toBe("fault");
});
