import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keyWaits, watchKeys } from "./key-frames";

const due: (() => void)[] = [];
/** What the browser does: it runs what was asked for until now, not what that asks for. */
const frame = (): void => {
  for (const work of due.splice(0)) work();
};

describe("a key", () => {
  beforeEach(() => vi.stubGlobal("requestAnimationFrame", (work: () => void) => due.push(work)));
  afterEach(() => vi.unstubAllGlobals());

  it("waits through the frame that renders it and the one that shows it", () => {
    const page = new EventTarget();
    watchKeys(page);
    expect(keyWaits()).toBe(false);
    page.dispatchEvent(new Event("keydown"));
    const waits = [keyWaits()];
    for (let count = 0; count < 3; count++) {
      frame();
      waits.push(keyWaits());
    }
    expect(waits).toEqual([true, true, true, false]);
    expect(due).toEqual([]);
  });

  it("begins the wait anew where another comes", () => {
    const page = new EventTarget();
    watchKeys(page);
    page.dispatchEvent(new Event("keydown"));
    frame();
    page.dispatchEvent(new Event("keydown"));
    frame();
    frame();
    expect(keyWaits()).toBe(true);
    frame();
    expect(keyWaits()).toBe(false);
  });
});
