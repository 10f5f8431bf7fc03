import { expect, test } from "vitest";
import {
  ariaKeys,
  type Circumstances,
  type Pressed,
  SHORTCUTS,
  type ShortcutId,
  shortcutOf,
  shownKeys,
} from "./shortcuts";

const AT_REST: Circumstances = { mac: false, typing: false, singleKeys: true };

function press(key: string, more: Partial<Pressed> = {}): Pressed {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, isComposing: false, ...more };
}

test.each([
  [press("k", { ctrlKey: true }), "palette"],
  [press("K", { ctrlKey: true }), "palette"], // Caps Lock
  [press("O", { ctrlKey: true, shiftKey: true }), "newChat"],
  [press("o", { ctrlKey: true }), null], // the browser's
  [press("K", { ctrlKey: true, shiftKey: true }), null],
  [press("k"), null],
  [press("k", { metaKey: true }), null],
  [press("?", { shiftKey: true }), "sheet"],
  [press("?"), "sheet"], // keyboards that have it without Shift
  [press("/", { shiftKey: true }), "write"], // German: Shift 7
  [press("?", { altKey: true }), null],
  [press("k", { ctrlKey: true, isComposing: true }), null],
])("%o is %s", (pressed, id) => {
  expect(shortcutOf(pressed, AT_REST)).toBe(id);
});

test("on a Mac it is ⌘, and Ctrl stays the text field's", () => {
  const mac = { ...AT_REST, mac: true };
  expect(shortcutOf(press("k", { metaKey: true }), mac)).toBe("palette");
  expect(shortcutOf(press("k", { ctrlKey: true }), mac)).toBeNull();
});

test("single keys are the field's while typing, and nobody's when turned off", () => {
  expect(shortcutOf(press("?"), { ...AT_REST, typing: true })).toBeNull();
  expect(shortcutOf(press("/"), { ...AT_REST, singleKeys: false })).toBeNull();
  expect(shortcutOf(press("k", { ctrlKey: true }), { ...AT_REST, typing: true, singleKeys: false })).toBe("palette");
});

test("keys are shown as they are printed, and no two shortcuts have the same", () => {
  expect(shownKeys("newChat", false)).toEqual(["Ctrl", "Shift", "O"]);
  expect(shownKeys("newChat", true)).toEqual(["⌘", "⇧", "O"]);
  expect(ariaKeys("newChat", false)).toBe("Control+Shift+O");
  const ids = Object.keys(SHORTCUTS) as ShortcutId[]; // the keys of a record of ids are ids
  expect(new Set(ids.map((id) => ariaKeys(id, false))).size).toBe(ids.length);
});
