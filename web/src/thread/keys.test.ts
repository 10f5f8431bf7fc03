import { describe, expect, it } from "vitest";
import { sendsOn } from "./keys";

const enter = { key: "Enter", shiftKey: false, altKey: false, isComposing: false, keyCode: 13 };

describe("the Enter key", () => {
  it("sends alone, and with Shift is a new line", () => {
    expect(sendsOn(enter)).toBe(true);
    expect(sendsOn({ ...enter, shiftKey: true })).toBe(false);
    expect(sendsOn({ ...enter, key: "a" })).toBe(false);
  });

  it("does not send the word that an input method is offering", () => {
    expect(sendsOn({ ...enter, isComposing: true })).toBe(false);
    expect(sendsOn({ ...enter, keyCode: 229 })).toBe(false);
  });
});
