import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Branching, buildTree, newestLeaf, pathTo, placeAmong, siblings } from "./branches";

const ask = (id: string, parent: string | null): Branching => ({ id, parent, role: "user" });
const say = (id: string, parent: string | null): Branching => ({ id, parent, role: "assistant" });

/** Any graph of parent ids: unknown parents, itself as parent, cycles and ids that come twice. */
const anyMessages = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 12 }).map(String),
    parent: fc.option(fc.integer({ min: 0, max: 15 }).map(String)),
    role: fc.constantFrom("user" as const, "assistant" as const),
  }),
  { maxLength: 30 },
);

describe("the tree of a conversation", () => {
  const edited = buildTree([ask("q1", null), say("a1", "q1"), ask("q2", "a1"), say("a2", "q2"), say("a1b", "q1")]);

  it("walks from the root to a leaf", () => {
    expect(pathTo(edited, "a2")).toEqual(["q1", "a1", "q2", "a2"]);
    expect(pathTo(edited, "a1b")).toEqual(["q1", "a1b"]);
  });

  it("shows the newest branch where the leaf is unknown or not said", () => {
    expect(pathTo(edited, null)).toEqual(["q1", "a1b"]);
    expect(pathTo(edited, "gone")).toEqual(["q1", "a1b"]);
    expect(pathTo(buildTree([]), null)).toEqual([]);
  });

  it("counts versions as a person reads them", () => {
    expect(placeAmong(edited, "a1b")).toEqual({ number: 2, of: 2, previous: "a1", next: null });
    expect(placeAmong(edited, "q2")).toEqual({ number: 1, of: 1, previous: null, next: null });
  });

  it("keeps an answer out of the versions of a question under the same parent", () => {
    const mixed = buildTree([ask("q", null), say("a", "q"), ask("odd", "q")]);
    expect(siblings(mixed, "a")).toEqual(["a"]);
  });

  it("turns to a branch where it was left last", () => {
    expect(newestLeaf(edited, "a1")).toBe("a2");
    expect(newestLeaf(edited, "gone")).toBeNull();
  });

  it("makes a root of a message whose parent is missing, and cuts cycles", () => {
    const broken = buildTree([ask("a", "gone"), say("b", "c"), ask("c", "b"), ask("d", "d")]);
    expect([...(broken.children.get(null) ?? [])].sort()).toEqual(["a", "b", "d"]);
    expect(pathTo(broken, "c")).toEqual(["b", "c"]);
  });

  it("is not bound by the call stack", () => {
    const deep = Array.from({ length: 100_000 }, (_, i) => ask(String(i), i === 0 ? null : String(i - 1)));
    const tree = buildTree(deep);
    expect(newestLeaf(tree, null)).toBe("99999");
    expect(pathTo(tree, null)).toHaveLength(100_000);
  });

  it("gives every message, however broken, one path that begins at a root and repeats nothing", () => {
    fc.assert(
      fc.property(anyMessages, (messages) => {
        const tree = buildTree(messages);
        const ids = new Set(messages.map((message) => message.id));
        expect(new Set(tree.place.keys())).toEqual(ids);
        for (const id of ids) {
          const path = pathTo(tree, id);
          expect(path.at(-1)).toBe(id);
          expect(tree.parent.get(path[0] ?? "")).toBeNull();
          expect(new Set(path).size).toBe(path.length);
          expect(siblings(tree, id)).toContain(id);
          const leaf = newestLeaf(tree, id);
          expect(leaf === null ? undefined : tree.children.get(leaf)).toBeUndefined();
          expect(pathTo(tree, leaf)).toContain(id);
        }
      }),
    );
  });

  it("goes to the next version and back to where it was", () => {
    fc.assert(
      fc.property(anyMessages, (messages) => {
        const tree = buildTree(messages);
        for (const { id } of messages) {
          const { number, of, next } = placeAmong(tree, id);
          expect(number).toBeGreaterThanOrEqual(1);
          expect(number).toBeLessThanOrEqual(of);
          if (next !== null) expect(placeAmong(tree, next).previous).toBe(id);
        }
      }),
    );
  });
});
