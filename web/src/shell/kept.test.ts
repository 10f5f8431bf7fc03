// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { createKept } from "./kept";

afterEach(() => localStorage.clear());

test("a choice is kept for the next page", () => {
  createKept("k", "first").write("second");
  expect(createKept("k", "first").read()).toBe("second");
});

test("storage that is forbidden or full costs memory, not the choice", () => {
  const forbidden = createKept("k", "first", () => {
    throw new DOMException("denied", "SecurityError");
  });
  forbidden.write("second");
  expect(forbidden.read()).toBe("second");
  expect(createKept("k", "first", () => null).read()).toBe("first");
});

test("what another tab chooses is seen here, until nobody listens", () => {
  const kept = createKept("k", "first");
  const changed = vi.fn();
  const stop = kept.subscribe(changed);
  dispatchEvent(new StorageEvent("storage", { key: "k", newValue: "other" }));
  dispatchEvent(new StorageEvent("storage", { key: "another", newValue: "x" }));
  expect([kept.read(), changed.mock.calls.length]).toEqual(["other", 1]);
  dispatchEvent(new StorageEvent("storage", { key: "k", newValue: null }));
  expect(kept.read()).toBe("first");
  stop();
  dispatchEvent(new StorageEvent("storage", { key: "k", newValue: "late" }));
  expect(kept.read()).toBe("first");
});
