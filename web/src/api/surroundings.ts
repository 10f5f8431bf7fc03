/** What a stream needs of the browser: time, chance, and whether anybody looks. In: the document. Out: a seam that tests replace. */
import { isLoopback } from "./base";
import { reachability } from "./reachability";

export interface Surroundings {
  fetch: typeof fetch;
  /** In [0, 1). */
  random(): number;
  /** Ends after so many milliseconds, or at once (without an error) when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Whether a stream is of use now: the page is looked at, and there is a network (or none is needed). */
  awake(): boolean;
  /** Told whenever `awake` may have changed. */
  watch(changed: () => void): () => void;
}

export function browser(): Surroundings {
  const local = isLoopback(location.hostname);
  return {
    fetch: (...request) => fetch(...request),
    random: Math.random,
    wait: (milliseconds, signal) => untilReached((reached) => wait(milliseconds, AbortSignal.any([signal, reached]))),
    awake: () => document.visibilityState !== "hidden" && (local || navigator.onLine),
    watch(changed) {
      document.addEventListener("visibilitychange", changed);
      addEventListener("online", changed);
      addEventListener("offline", changed);
      return () => {
        document.removeEventListener("visibilitychange", changed);
        removeEventListener("online", changed);
        removeEventListener("offline", changed);
      };
    },
  };
}

/** Waits with a signal that is aborted when a server that was away is there again: then nobody needs to wait longer. */
async function untilReached(waiting: (reached: AbortSignal) => Promise<void>): Promise<void> {
  const back = new AbortController();
  const unsubscribe = reachability.subscribe(() => {
    if (reachability.reached) back.abort();
  });
  await waiting(back.signal).finally(unsubscribe);
}

export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

/** Ends when the page is awake, or the signal aborted. */
export function awakened(around: Surroundings, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || around.awake()) return resolve();
    const look = () => {
      if (!signal.aborted && !around.awake()) return;
      unwatch();
      signal.removeEventListener("abort", look);
      resolve();
    };
    const unwatch = around.watch(look);
    signal.addEventListener("abort", look);
  });
}
