/** One picture of the gallery. In: what to render, and how its state comes about. Out: a value that the page and its test read. */
import type { ReactNode } from "react";
import { type Key, preferred, translate } from "@/i18n";

export interface Scene {
  /** Its address: gallery.html?scene=… */
  id: string;
  /** What is to be seen, for whoever looks. */
  title: string;
  mount: () => ReactNode;
  /** Done by hand once it is there: a menu is opened, something is typed. */
  act?: () => Promise<unknown>;
  /** A selector of what is there when the picture is whole. */
  until: string;
  /** Set in the system's faces, which differ from machine to machine: looked at by rules, not compared as a picture. */
  foreign?: boolean;
  /** Begun anew at each width: its state ends with the window's size, such as a menu of the rail. */
  each?: boolean;
  /** The height of the window, px; else 900. For what is longer than a window and has no pane to scroll in. */
  tall?: number;
}

const LATEST = 10_000; // ms

/** The first element of the selector, as soon as it is there. */
export async function seen(selector: string): Promise<HTMLElement> {
  const end = performance.now() + LATEST;
  for (;;) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found) return found;
    if (performance.now() > end) throw new Error(`The gallery waits for ${selector} in vain.`);
    await new Promise(requestAnimationFrame);
  }
}

/** The language that scenes are shown in. */
export const LANGUAGE = preferred(navigator.languages);

/** A button, by its words. */
async function button(key: Key): Promise<HTMLElement> {
  const name = translate(LANGUAGE, key);
  const end = performance.now() + LATEST;
  for (;;) {
    for (const one of document.querySelectorAll<HTMLElement>("button, [role=menuitem]")) {
      const said = one.getAttribute("aria-label") ?? one.textContent?.trim() ?? "";
      if (said.includes(name)) return one;
    }
    if (performance.now() > end) throw new Error(`The gallery waits for a button “${name}” in vain.`);
    await new Promise(requestAnimationFrame);
  }
}

export async function press(name: Key): Promise<void> {
  const found = await button(name);
  found.focus();
  found.click();
}

/** A menu opens by its key: a click of a script is none to it. */
export async function open(name: Key): Promise<void> {
  const found = await button(name);
  found.focus();
  found.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
}

export async function type(selector: string, text: string): Promise<void> {
  const field = await seen(selector);
  const kind = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  // React keeps the value it set: the browser's own setter tells it of another.
  Object.getOwnPropertyDescriptor(kind.prototype, "value")?.set?.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export async function key(selector: string, name: string, more: KeyboardEventInit = {}): Promise<void> {
  const target = await seen(selector);
  target.focus();
  target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
}

/** The conversations, which on a phone are in a drawer. */
export async function openRail(): Promise<void> {
  if (!matchMedia("(min-width: 48rem)").matches) await press("shell.open_rail");
}
