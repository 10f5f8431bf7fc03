import { expect, test, vi } from "vitest";
import { reachability } from "./reachability";
import { browser } from "./surroundings";

test("a wait for a server that was away ends when it is there again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  reachability.note(false);
  let ended = false;
  const waiting = browser()
    .wait(30_000, new AbortController().signal)
    .then(() => {
      ended = true;
    });
  await Promise.resolve();
  expect(ended).toBe(false);
  reachability.note(true);
  await waiting;
  vi.useRealTimers();
});

test("a wait ends with its time or its signal", async () => {
  await browser().wait(1, new AbortController().signal);
  await browser().wait(30_000, AbortSignal.abort());
});
