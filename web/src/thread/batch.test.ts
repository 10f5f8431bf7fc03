import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBatch } from "./batch";

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
