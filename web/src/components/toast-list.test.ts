import { expect, test } from "vitest";
import { type Notice, shown, without } from "./toast-list";

const texts = (notices: readonly Notice[]) => notices.map(({ text }) => text);

test("the newest stands last, a later one of the same key replaces the earlier", () => {
  let notices = shown([], 1, { text: "a", key: "x" });
  notices = shown(notices, 2, { text: "b" });
  notices = shown(notices, 3, { text: "c", key: "x" });
  expect(texts(notices)).toEqual(["b", "c"]);
  expect(texts(without(notices, 2))).toEqual(["c"]);
  expect(without(notices, 99)).toHaveLength(2);
});

test("no more than three are on the page, and those without a key never replace each other", () => {
  let notices: Notice[] = [];
  for (let id = 1; id <= 6; id++) notices = shown(notices, id, { text: String(id) });
  expect(texts(notices)).toEqual(["4", "5", "6"]);
});
