import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBatch, everyOtherFrame } from "./batch";

/** A clock that frames only when told to. */
function frames() {
  let due: (() => void) | null = null;
  return {
    schedule: (work: () => void) => {
      due = work;
      return () => {
        due = null;
      };
    },
    frame: () => {
      const work = due;
      due = null;
      work?.();
    },
    waits: () => due !== null,
  };
}

describe("a batch", () => {
  it("folds what came since the last frame, once", () => {
    const clock = frames();
    const folded: string[][] = [];
    const batch = createBatch<string>((items) => folded.push(items), clock.schedule);
    batch.push("a");
    batch.push("b");
    expect(folded).toEqual([]);
    clock.frame();
    clock.frame();
    expect(folded).toEqual([["a", "b"]]);
  });

  it("asks for no frame when there is nothing to show", () => {
    const clock = frames();
    const batch = createBatch<string>(() => {}, clock.schedule);
    batch.push("a");
    batch.flush();
    expect(clock.waits()).toBe(false);
  });

  it("drops what waits when it is closed, and takes no more", () => {
    const clock = frames();
    const folded: string[][] = [];
    const batch = createBatch<string>((items) => folded.push(items), clock.schedule);
    batch.push("a");
    batch.close();
    batch.push("b");
    clock.frame();
    batch.flush();
    expect(folded).toEqual([]);
  });

  it("lets the fold push more without losing or repeating it", () => {
    const clock = frames();
    const folded: number[][] = [];
    const batch = createBatch<number>((items) => {
      folded.push(items);
      if (items[0] === 1) batch.push(2);
    }, clock.schedule);
    batch.push(1);
    clock.frame();
    clock.frame();
    expect(folded).toEqual([[1], [2]]);
  });

  it("loses nothing, repeats nothing and keeps the order, whenever frames come", () => {
    const step = fc.oneof(fc.constant("frame" as const), fc.constant("flush" as const), fc.nat());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = frames();
        const seen: number[] = [];
        const batch = createBatch<number>((items) => {
          expect(items.length).toBeGreaterThan(0);
          seen.push(...items);
        }, clock.schedule);
        for (const one of steps) {
          if (one === "frame") clock.frame();
          else if (one === "flush") batch.flush();
          else batch.push(one);
        }
        batch.flush();
        expect(seen).toEqual(steps.filter((one) => typeof one === "number"));
      }),
    );
  });
});

describe("a page's frames", () => {
  const due = new Map<number, () => void>();
  let asked = 0;
  /** What the browser does: it runs what was asked for until now, not what that asks for. */
  const frame = (): void => {
    const now = [...due];
    due.clear();
    for (const [, work] of now) work();
  };

  beforeEach(() => {
    due.clear();
    vi.useFakeTimers();
    vi.stubGlobal("requestAnimationFrame", (work: () => void) => {
      due.set(++asked, work);
      return asked;
    });
    vi.stubGlobal("cancelAnimationFrame", (id: number) => due.delete(id));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("show the first item in the next one, and those that follow in every other", () => {
    const folded: number[][] = [];
    const batch = createBatch<number>((items) => folded.push(items), everyOtherFrame());
    for (const item of [1, 2, 3, 4, 5]) {
      batch.push(item);
      frame();
    }
    expect(folded).toEqual([[1], [2, 3], [4, 5]]);
    frame();
    batch.push(6);
    frame();
    expect(folded.at(-1)).toEqual([6]);
  });

  it("are left to a key that waits to be seen, but for a few", () => {
    let waits = true;
    const folded: number[][] = [];
    const batch = createBatch<number>(
      (items) => folded.push(items),
      everyOtherFrame(() => waits),
    );
    batch.push(1);
    frame();
    frame();
    expect(folded).toEqual([]);
    waits = false;
    frame();
    expect(folded).toEqual([[1]]);
    waits = true; // as where a key is held down
    frame();
    batch.push(2);
    for (let count = 0; count < 7; count++) frame();
    expect(folded).toEqual([[1], [2]]);
  });

  it("are not waited for in a page that gets none", () => {
    const folded: number[][] = [];
    const batch = createBatch<number>((items) => folded.push(items), everyOtherFrame());
    for (const item of [1, 2, 3]) {
      batch.push(item);
      vi.advanceTimersByTime(250);
    }
    expect(folded).toEqual([[1], [2], [3]]);
  });

  it("ask for nothing more once the batch is closed", () => {
    const folded: number[][] = [];
    const batch = createBatch<number>((items) => folded.push(items), everyOtherFrame());
    batch.push(1);
    frame();
    batch.push(2);
    frame();
    batch.close();
    frame();
    vi.advanceTimersByTime(250);
    expect(folded).toEqual([[1]]);
  });
});
