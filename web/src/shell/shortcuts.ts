/** Keys that do something anywhere on the page. In: a key event. Out: which shortcut it is, and how a keyboard shows it. */
export type ShortcutId = "palette" | "newChat" | "toggleRail" | "sheet" | "write";

interface Shortcut {
  key: string;
  /** Ctrl, or ⌘ on a Mac. */
  mod: boolean;
  shift: boolean;
}

/** Those without a modifier are single keys: they work outside fields only, and can be turned off (WCAG 2.1.4). */
export const SHORTCUTS: Record<ShortcutId, Shortcut> = {
  palette: { key: "k", mod: true, shift: false },
  newChat: { key: "o", mod: true, shift: true },
  toggleRail: { key: "b", mod: true, shift: false },
  sheet: { key: "?", mod: false, shift: false },
  write: { key: "/", mod: false, shift: false },
};

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
}

export interface Circumstances {
  mac: boolean;
  /** Focus is in something that takes text. */
  typing: boolean;
  /** The person left single keys on. */
  singleKeys: boolean;
}

export function shortcutOf(pressed: Pressed, { mac, typing, singleKeys }: Circumstances): ShortcutId | null {
  if (pressed.isComposing || pressed.altKey) return null;
  const mod = mac ? pressed.metaKey : pressed.ctrlKey;
  const otherMod = mac ? pressed.ctrlKey : pressed.metaKey;
  if (otherMod) return null;
  for (const [id, shortcut] of entries()) {
    if (shortcut.key !== pressed.key.toLowerCase() || shortcut.mod !== mod) continue;
    // "?" and "/" stand on other places of other keyboards, with or without Shift: the character counts, not the key.
    if (shortcut.mod ? shortcut.shift !== pressed.shiftKey : typing || !singleKeys) continue;
    return id;
  }
  return null;
}

/** ["Ctrl", "Shift", "O"], or ["⌘", "⇧", "O"]. */
export function shownKeys(id: ShortcutId, mac: boolean): readonly string[] {
  const { key, mod, shift } = SHORTCUTS[id];
  return [...(mod ? [mac ? "⌘" : "Ctrl"] : []), ...(shift ? [mac ? "⇧" : "Shift"] : []), key.toUpperCase()];
}

/** The same for `aria-keyshortcuts`: "Control+Shift+O". */
export function ariaKeys(id: ShortcutId, mac: boolean): string {
  const { key, mod, shift } = SHORTCUTS[id];
  return [...(mod ? [mac ? "Meta" : "Control"] : []), ...(shift ? ["Shift"] : []), key.toUpperCase()].join("+");
}

export const IS_MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches("input:not([type=checkbox], [type=radio], [type=button]), textarea, select")
  );
}

function entries(): [ShortcutId, Shortcut][] {
  // The keys of a record of ids are ids.
  return Object.entries(SHORTCUTS) as [ShortcutId, Shortcut][];
}
