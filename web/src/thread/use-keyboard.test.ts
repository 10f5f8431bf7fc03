import { describe, expect, it } from "vitest";
import { covered } from "./use-keyboard";

describe("the on-screen keyboard", () => {
  it("covers the foot where the browser leaves the layout as it was", () => {
    expect(covered(800, { height: 480, offsetTop: 0, scale: 1 })).toBe(320);
    expect(covered(800, { height: 480, offsetTop: 100, scale: 1 })).toBe(220);
  });

  it("covers nothing where the layout shrank with it, where only a bar came, or under zoom", () => {
    expect(covered(480, { height: 480, offsetTop: 0, scale: 1 })).toBe(0);
    expect(covered(800, { height: 744, offsetTop: 0, scale: 1 })).toBe(0);
    expect(covered(800, { height: 400, offsetTop: 0, scale: 2 })).toBe(0);
  });
});
