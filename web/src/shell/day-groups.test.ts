import fc from "fast-check";
import { expect, test } from "vitest";
import type { ConversationSummary } from "@/api/types";
import { translate } from "@/i18n";
import { grouped, keyOf } from "./day-groups";

const NOW = new Date(2026, 10, 25, 14, 30);
const t = (key: Parameters<typeof translate>[1]) => translate("en", key);

function at(updated: Date, more: Partial<ConversationSummary> = {}): ConversationSummary {
  const id = updated.getTime().toString(16).padStart(32, "0");
  const rest = {
    object: "conversation" as const,
    titled_by: "" as const,
    model: "",
    pinned: null,
    archived: null,
    running: false,
  };
  return { id, title: id, ...rest, created: updated.toISOString(), updated: updated.toISOString(), ...more };
}

test.each([
  [new Date(2026, 10, 25, 0, 0), "today"],
  [new Date(2026, 10, 24, 23, 59), "yesterday"],
  [new Date(2026, 10, 24, 0, 0), "yesterday"],
  [new Date(2026, 10, 23, 23, 59), "week"],
  [new Date(2026, 10, 18, 0, 0), "week"],
  [new Date(2026, 10, 17, 23, 59), "month"],
  [new Date(2026, 9, 26, 0, 0), "month"],
  [new Date(2026, 9, 25, 23, 0), "2026-10"],
  [new Date(2025, 10, 25), "2025-11"],
  [new Date(2026, 10, 25, 23, 59), "today"],
  [new Date(2027, 0, 1), "today"], // a clock that is ahead
])("%s belongs to %s", (moment, key) => {
  expect(keyOf(moment, NOW)).toBe(key);
});

test("pinned ones come first and stand nowhere else, whatever their day", () => {
  const groups = grouped(
    [
      at(new Date(2026, 10, 25)),
      at(new Date(2024, 1, 1), { pinned: "2026-01-01T00:00:00Z" }),
      at(new Date(2026, 2, 3)),
    ],
    NOW,
    "en",
    t,
  );
  expect(groups.map(({ label }) => label)).toEqual(["Pinned", "Today", "March 2026"]);
});

test("months are named in the language of the page", () => {
  const label = (language: "en" | "fr" | "ja") => grouped([at(new Date(2026, 2, 3))], NOW, language, t)[0]?.label;
  expect([label("fr"), label("ja")]).toEqual(["mars 2026", "2026年3月"]);
});

test("every conversation is in one group, and newer ones stand before older ones", () => {
  const moment = fc.date({ min: new Date(2020, 0, 1), max: new Date(2027, 0, 1), noInvalidDate: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(moment, fc.boolean()), { maxLength: 40 }), (moments) => {
      const all = moments.map(([one, pinned]) => at(one, { pinned: pinned ? one.toISOString() : null }));
      const groups = grouped(all, NOW, "en", t);
      expect(groups.flatMap(({ conversations }) => conversations)).toHaveLength(all.length);
      expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length);
      for (const list of [groups.slice(0, 1), groups.filter(({ key }) => key !== "pinned")]) {
        const order = list.flatMap(({ conversations }) => conversations.map(({ updated }) => Date.parse(updated)));
        expect(order).toEqual(order.toSorted((a, b) => b - a));
      }
    }),
  );
});
