import fc from "fast-check";
import { expect, test } from "vitest";
import {
  everyConversation,
  type Pages,
  patchedConversation,
  withConversation,
  withoutConversation,
} from "./list-cache";
import type { ConversationSummary } from "./types";

function one(id: string, minute: number, more: Partial<ConversationSummary> = {}): ConversationSummary {
  const updated = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const summary = {
    object: "conversation" as const,
    id,
    title: id,
    titled_by: "" as const,
    model: "",
    pinned: null,
    archived: null,
    running: false,
  };
  return { ...summary, created: updated, updated, ...more };
}

function pagesOf(...lists: ConversationSummary[][]): Pages {
  return {
    pages: lists.map((data, place) => {
      const more = place + 1 < lists.length;
      return { object: "list", data, has_more: more, next: more ? "more" : null };
    }),
    pageParams: lists.map(() => null),
  };
}

const ids = (pages: Pages) => pages.pages.map(({ data }) => data.map(({ id }) => id));

test("a change touches one conversation and keeps the other pages as they are", () => {
  const pages = pagesOf([one("c", 3), one("b", 2)], [one("a", 1)]);
  const changed = patchedConversation(pages, "b", { title: "new" });
  expect(changed.pages[0]?.data[1]?.title).toBe("new");
  expect(changed.pages[1]).toBe(pages.pages[1]);
  expect(patchedConversation(pages, "z", { title: "new" })).toBe(pages);
  expect(ids(withoutConversation(pages, "b"))).toEqual([["c"], ["a"]]);
});

test("one that comes back stands where its moment puts it, once", () => {
  const pages = pagesOf([one("d", 4), one("b", 2)], [one("a", 1)]);
  expect(ids(withConversation(pages, one("c", 3)))).toEqual([["d", "c", "b"], ["a"]]);
  expect(ids(withConversation(pages, one("e", 5)))).toEqual([["e", "d", "b"], ["a"]]);
  expect(ids(withConversation(pages, one("z", 0)))).toEqual([
    ["d", "b"],
    ["a", "z"],
  ]);
  expect(withConversation(pages, one("b", 2))).toBe(pages);
  expect(ids(withConversation(pagesOf([]), one("a", 1)))).toEqual([["a"]]);
});

test("one older than all that is loaded waits for its page", () => {
  const pages = pagesOf([one("d", 4)]);
  const first = pages.pages[0];
  if (first) first.next = "more";
  expect(withConversation(pages, one("a", 1))).toBe(pages);
});

test("taking one out and putting it back gives the same list", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 12 }),
      fc.nat(20),
      fc.nat(12),
      (moments, which, cut) => {
        const list = moments.toSorted((a, b) => b - a).map((minute) => one(`m${minute}`, minute));
        const pages = pagesOf(list.slice(0, cut), list.slice(cut));
        const taken = list[which % list.length];
        if (!taken) return;
        const back = withConversation(withoutConversation(pages, taken.id), taken);
        expect(everyConversation(back).map(({ id }) => id)).toEqual(list.map(({ id }) => id));
      },
    ),
  );
});

test("one that two pages have is listed once", () => {
  expect(everyConversation(pagesOf([one("a", 2)], [one("a", 2), one("b", 1)])).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(everyConversation(undefined)).toEqual([]);
});
