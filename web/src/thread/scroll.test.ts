import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceToFoot, footOf, type Geometry, jump, NEAR, observe, offersJump, type Scroll, START } from "./scroll";

const at = (top: number, height = 2000, viewport = 500): Geometry => ({ top, height, viewport });
const following = jump(at(1500)).state;

describe("scrolling", () => {
  it("goes to the foot when a conversation opens", () => {
    expect(observe(START, at(0)).scrollTo).toBe(1500);
  });

  it("keeps the foot in sight while the answer grows", () => {
    const grown = observe(following, at(1500, 2100));
    expect(grown.scrollTo).toBe(1600);
    expect(observe(grown.state, at(1600, 2100))).toEqual({ state: grown.state, scrollTo: null });
  });

  it("lets go at the first move up, even one of two pixels", () => {
    const up = observe(following, at(1498));
    expect(up.state.mode).toBe("detached");
    expect(observe(up.state, at(1498, 2500)).scrollTo).toBeNull();
  });

  it("sees a move of the reader before it answers growth that came in the same moment", () => {
    expect(observe(following, at(1400, 2100)).scrollTo).toBeNull();
  });

  it("sees slow moves that are each smaller than rounding", () => {
    const first = observe(following, at(1499));
    expect(first.state.mode).toBe("following");
    expect(first.scrollTo).toBeNull();
    expect(observe(first.state, at(1498)).state.mode).toBe("detached");
  });

  it("follows again once the reader comes down to the foot, not before", () => {
    const detached = observe(following, at(900)).state;
    expect(observe(detached, at(1200)).state.mode).toBe("detached");
    expect(observe(detached, at(1500 - NEAR)).state.mode).toBe("following");
  });

  it("does not take a shrinking answer or a growing window for a reader", () => {
    expect(observe(following, at(1200, 1700)).state.mode).toBe("following");
    expect(observe(following, at(1300, 2000, 700)).state.mode).toBe("following");
  });

  it("keeps the foot above an on-screen keyboard", () => {
    expect(observe(following, at(1500, 2000, 200)).scrollTo).toBe(1800);
  });

  it("does not follow because content shrank under a reader who had let go", () => {
    const detached = observe(following, at(1000)).state;
    expect(observe(detached, at(700, 1200)).state.mode).toBe("detached");
  });

  it("offers the jump only where it goes somewhere", () => {
    const detached = observe(following, at(1000)).state;
    expect(offersJump(detached)).toBe(true);
    expect(offersJump(jump(at(1000)).state)).toBe(false);
    expect(offersJump(observe(detached, at(1000, 1500)).state)).toBe(false);
  });
});

/** A browser as far as scrolling goes: clamps like one, and its scroll events may come late or be merged. */
class Page {
  geometry: Geometry = { top: 0, height: 800, viewport: 500 };
  state: Scroll = START;
  movedByUs: { while: Scroll["mode"]; by: "observe" | "jump" }[] = [];

  change(part: Partial<Geometry>): void {
    const next = { ...this.geometry, ...part };
    this.geometry = { ...next, top: Math.max(0, Math.min(next.top, footOf(next))) };
  }
  see(): void {
    const before = this.state.mode;
    const verdict = observe(this.state, this.geometry);
    this.state = verdict.state;
    if (verdict.scrollTo === null) return;
    this.movedByUs.push({ while: before === "detached" ? verdict.state.mode : before, by: "observe" });
    expect(verdict.scrollTo).toBe(footOf(this.geometry));
    this.change({ top: verdict.scrollTo });
  }
}

type Act = { kind: "grow" | "shrink" | "resize" | "read" | "see" | "jump"; by: number };
const acts = fc.array(
  fc.record({
    kind: fc.constantFrom<Act["kind"]>("grow", "grow", "shrink", "resize", "read", "read", "see", "jump"),
    by: fc.integer({ min: -600, max: 600 }),
  }),
  { maxLength: 80 },
);

function act(page: Page, { kind, by }: Act): void {
  const { geometry } = page;
  if (kind === "grow") page.change({ height: geometry.height + Math.abs(by) });
  if (kind === "shrink") page.change({ height: Math.max(100, geometry.height - Math.abs(by)) });
  if (kind === "resize") page.change({ viewport: Math.max(100, 500 + by / 2) });
  if (kind === "read") page.change({ top: geometry.top + by });
  if (kind === "jump") {
    const verdict = jump(page.geometry);
    page.state = verdict.state;
    if (verdict.scrollTo !== null) page.change({ top: verdict.scrollTo });
  }
  if (kind === "see") page.see();
}

describe("scrolling, whatever happens", () => {
  it("never moves the page of a reader who let go", () => {
    fc.assert(
      fc.property(acts, (steps) => {
        const page = new Page();
        page.see();
        for (const step of steps) {
          act(page, step);
          page.see();
        }
        expect(page.movedByUs.some((move) => move.while === "detached")).toBe(false);
      }),
    );
  });

  it("stands at the foot whenever it says that it follows", () => {
    fc.assert(
      fc.property(acts, (steps) => {
        const page = new Page();
        for (const step of steps) {
          act(page, step);
          page.see();
          if (page.state.mode === "following") expect(distanceToFoot(page.geometry)).toBeLessThanOrEqual(1.5);
        }
      }),
    );
  });

  it("lets go at any visible move up, and no growth after it moves the page", () => {
    fc.assert(
      fc.property(
        acts,
        fc.integer({ min: 2, max: 400 }),
        fc.array(fc.integer({ min: 1, max: 300 })),
        (steps, up, growth) => {
          const page = new Page();
          for (const step of steps) {
            act(page, step);
            page.see();
          }
          const top = page.geometry.top;
          page.change({ top: top - up });
          page.see();
          const stayed = page.geometry.top;
          if (top - stayed < 2) return;
          for (const by of growth) {
            page.change({ height: page.geometry.height + by });
            page.see();
          }
          expect(page.geometry.top).toBe(stayed);
          expect(page.state.mode).toBe("detached");
        },
      ),
    );
  });

  it("always follows after a jump, until the reader moves", () => {
    fc.assert(
      fc.property(acts, fc.array(fc.integer({ min: -300, max: 300 })), (steps, changes) => {
        const page = new Page();
        for (const step of steps) act(page, step);
        act(page, { kind: "jump", by: 0 });
        for (const by of changes) {
          page.change({ height: Math.max(100, page.geometry.height + by) });
          page.see();
          expect(page.state.mode).toBe("following");
        }
      }),
    );
  });
});
