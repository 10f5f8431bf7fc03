import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrafts } from "./drafts";

/** Storage with a limit in characters, as browsers have, or one that refuses everything. */
class Box implements Storage {
  private readonly items = new Map<string, string>();
  [name: string]: unknown;
  constructor(private readonly limit = Number.POSITIVE_INFINITY) {}
  get length(): number {
    return this.items.size;
  }
  get used(): number {
    return [...this.items].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  }
  clear(): void {
    this.items.clear();
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
  setItem(key: string, value: string): void {
    const before = this.items.get(key);
    const grown = this.used - (before === undefined ? 0 : key.length + before.length) + key.length + value.length;
    if (grown > this.limit) throw new DOMException("full", "QuotaExceededError");
    this.items.set(key, value);
  }
}

const forbidden = (): Storage => {
  throw new DOMException("denied", "SecurityError");
};

describe("drafts", () => {
  it("come back after a reload, each in its own conversation and for its own person", () => {
    const box = new Box();
    createDrafts("ada", () => box).write("c1", "half a thought");
    const again = createDrafts("ada", () => box);
    expect(again.read("c1")).toBe("half a thought");
    expect(again.read("c2")).toBe("");
    expect(createDrafts("bob", () => box).read("c1")).toBe("");
  });

  it("are gone once they were sent", () => {
    const box = new Box();
    const drafts = createDrafts("ada", () => box);
    drafts.write("c1", "sent soon");
    drafts.write("c1", "");
    expect(box.length).toBe(0);
  });

  it("survive a switch where storage is forbidden or missing", () => {
    for (const storage of [forbidden, () => null]) {
      const drafts = createDrafts("ada", storage);
      drafts.write("c1", "kept in memory");
      expect(drafts.read("c1")).toBe("kept in memory");
      drafts.clear();
      expect(drafts.read("c1")).toBe("");
    }
  });

  it("come back as unsent messages when the page was closed before they arrived", () => {
    const box = new Box();
    let clock = 0;
    const page = () =>
      createDrafts(
        "ada",
        () => box,
        () => clock,
      );
    const first = page();
    first.hold("c1", "m1", "arrived after all", 0);
    first.hold("c1", "m2", "lost", 2);
    first.hold("c1", "m3", "settled", 0);
    first.settle("c1", "m3");
    clock += 1_000;
    expect(page().recover("c1", () => false)).toEqual([]);
    clock += 60_000;
    expect(first.recover("c1", () => false)).toEqual([]);
    const next = page();
    expect(next.recover("c1", (message) => message === "m1")).toEqual([{ text: "lost", files: 2 }]);
    expect(next.recover("c1", () => false)).toEqual([]);
    expect(box.length).toBe(0);
  });

  it("of a temporary chat never reach the disk", () => {
    const box = new Box();
    const drafts = createDrafts("ada", () => box);
    drafts.write("t", "off the record", false);
    expect(drafts.read("t")).toBe("off the record");
    expect(box.length).toBe(0);
  });

  it("on their way come back also after the clock was set back by hours", () => {
    const box = new Box();
    let clock = 10 * 3_600_000;
    const page = () =>
      createDrafts(
        "ada",
        () => box,
        () => clock,
      );
    page().hold("c1", "m1", "on its way", 0);
    clock -= 5 * 3_600_000;
    expect(page().recover("c1", () => false)).toEqual([{ text: "on its way", files: 0 }]);
  });

  it("make room by dropping the oldest, and leave what is not theirs", () => {
    const box = new Box(400);
    box.setItem("else", "x".repeat(100));
    let clock = 0;
    const drafts = createDrafts(
      "ada",
      () => box,
      () => ++clock,
    );
    drafts.write("old", "o".repeat(80));
    drafts.write("new", "n".repeat(80));
    drafts.write("newest", "l".repeat(80));
    const again = createDrafts("ada", () => box);
    expect(again.read("newest")).toBe("l".repeat(80));
    expect(again.read("old")).toBe("");
    expect(box.getItem("else")).toHaveLength(100);
  });

  it("do not fall back to an older state of themselves when they outgrow storage", () => {
    const box = new Box(100);
    const drafts = createDrafts("ada", () => box);
    drafts.write("c1", "short");
    drafts.write("c1", "l".repeat(500));
    expect(drafts.read("c1")).toHaveLength(500);
    expect(createDrafts("ada", () => box).read("c1")).toBe("");
  });

  it("take nothing for a draft that is none", () => {
    const box = new Box();
    for (const junk of ["", "{", "null", "[]", '{"text":5}', '"text"']) {
      box.setItem("alize.draft.ada.c1", junk);
      expect(createDrafts("ada", () => box).read("c1")).toBe("");
    }
  });

  it("read what was written last, whatever the size of the storage", () => {
    const writes = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.string({ maxLength: 60 })));
    fc.assert(
      fc.property(writes, fc.integer({ min: 0, max: 500 }), (steps, limit) => {
        const box = new Box(limit);
        const drafts = createDrafts("ada", () => box);
        const last = new Map<string, string>();
        for (const [key, text] of steps) {
          drafts.write(key, text);
          last.set(key, text);
        }
        for (const [key, text] of last) {
          expect(drafts.read(key)).toBe(text);
          // After a reload a draft is whole or it is not there.
          expect([text, ""]).toContain(createDrafts("ada", () => box).read(key));
        }
      }),
    );
  });
});
