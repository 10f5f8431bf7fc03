/** What jsdom has not and the page needs. In: nothing. Out: the least that lets the page lay itself out and be pressed. */
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

/** Every element is this big (px): enough for a list to show its rows. */
const HEIGHT = 640;
const WIDTH = 1280;

class StillResizeObserver implements ResizeObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

/** `matches`: the media queries that hold. A wide page with a mouse, unless a test says otherwise. */
export function furnish(matches: readonly string[] = ["(min-width: 48rem)", "(pointer: fine)"]): void {
  vi.stubGlobal("ResizeObserver", StillResizeObserver);
  vi.stubGlobal("matchMedia", (media: string) =>
    Object.assign(new EventTarget(), { media, matches: matches.includes(media), onchange: null }),
  );
  Element.prototype.scrollIntoView = () => {};
  Element.prototype.scrollTo = () => {};
  Element.prototype.hasPointerCapture = () => false;
  Element.prototype.setPointerCapture = () => {};
  Element.prototype.releasePointerCapture = () => {};
  for (const [name, size] of Object.entries({ offsetHeight: HEIGHT, offsetWidth: WIDTH })) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
  }
  for (const [name, size] of Object.entries({ clientHeight: HEIGHT, clientWidth: WIDTH })) {
    Object.defineProperty(Element.prototype, name, { configurable: true, get: () => size });
  }
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
