/** Shortcuts at work. In: what each does. Out: nothing; keys are listened to while the shell is on the page. */
import { useEffect, useRef } from "react";
import { IS_MAC, isTyping, type ShortcutId, shortcutOf } from "./shortcuts";
import { singleKeysOn } from "./single-keys";

export function useShortcuts(actions: Record<ShortcutId, () => void>): void {
  const now = useRef(actions);
  useEffect(() => {
    now.current = actions;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return;
      const id = shortcutOf(event, { mac: IS_MAC, typing: isTyping(event.target), singleKeys: singleKeysOn() });
      if (id === null) return;
      // A dialog has the page: only what opened it may act, which closes it.
      const dialog = document.querySelector('[role="dialog"][data-state="open"]');
      if (dialog !== null && id !== "palette" && id !== "sheet") return;
      event.preventDefault();
      now.current[id]();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}
