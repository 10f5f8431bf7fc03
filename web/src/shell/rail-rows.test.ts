import { expect, test } from "vitest";
import type { ConversationSummary } from "@/api/types";
import { rowAfter, rowsOf, tabStop } from "./rail-rows";

const named = (...ids: string[]) => ids.map((id) => ({ id }) as ConversationSummary); // read: id alone
const rows = rowsOf([
  { key: "pinned", label: "Pinned", conversations: named("a") },
  { key: "today", label: "Today", conversations: named("b", "c") },
]);

test("headings stand before their conversations", () => {
  expect(rows.map(({ key }) => key)).toEqual(["heading pinned", "a", "heading today", "b", "c"]);
});

test("arrow keys pass over headings and stop at the ends", () => {
  expect(rowAfter(rows, 1, "ArrowDown")).toBe(3);
  expect(rowAfter(rows, 3, "ArrowUp")).toBe(1);
  expect(rowAfter(rows, 4, "ArrowDown")).toBeNull();
  expect(rowAfter(rows, 1, "ArrowUp")).toBeNull();
  expect([rowAfter(rows, 3, "Home"), rowAfter(rows, 1, "End"), rowAfter(rows, 1, "x")]).toEqual([1, 4, null]);
  expect(rowAfter([], 0, "End")).toBeNull();
});

test("Tab stops at one row: where focus was, else the open conversation, else the first", () => {
  expect(tabStop(rows, "b", "c")).toBe(3);
  expect(tabStop(rows, "gone", "c")).toBe(4);
  expect(tabStop(rows, null, undefined)).toBe(1);
  expect(tabStop([], null, undefined)).toBe(-1);
});
