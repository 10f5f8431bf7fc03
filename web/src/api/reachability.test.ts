import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createReachability } from "./reachability";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a server that is gone is looked for, less and less often, until it is back", async () => {
  let there = false;
  const probe = vi.fn(async () => {
    if (!there) throw new TypeError("failed to fetch");
    return true;
  });
  const reach = createReachability(probe);
  const changed = vi.fn();
  reach.subscribe(changed);
  reach.note(true);
  expect(changed).not.toHaveBeenCalled();
  reach.note(false);
  reach.note(false);
  expect([reach.reached, changed.mock.calls.length]).toEqual([false, 1]);
  await vi.advanceTimersByTimeAsync(60_000);
  const asked = probe.mock.calls.length;
  expect(asked).toBeGreaterThan(3);
  expect(asked).toBeLessThan(9);
  there = true;
  await vi.advanceTimersByTimeAsync(15_000);
  expect([reach.reached, changed.mock.calls.length]).toEqual([true, 2]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(probe.mock.calls.length).toBe(asked + 1);
});

test("a server that comes and goes is looked for once at a time", async () => {
  const probe = vi.fn(async () => false);
  const reach = createReachability(probe);
  for (let times = 0; times < 5; times++) {
    reach.note(false);
    reach.note(true);
  }
  reach.note(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(probe).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(probe).toHaveBeenCalledTimes(2);
});

test("any call that gets through is the way back, without a probe", async () => {
  const probe = vi.fn(async () => false);
  const reach = createReachability(probe);
  const changed = vi.fn();
  const stop = reach.subscribe(changed);
  reach.note(false);
  reach.note(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(probe).not.toHaveBeenCalled();
  stop();
  reach.note(false);
  expect(changed).toHaveBeenCalledTimes(2);
});
