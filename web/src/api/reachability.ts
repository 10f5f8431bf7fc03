/**
 * Whether the server is there. In: how calls ended, and the browser's word. Out: one store, and a probe that finds the way back.
 *
 * The browser's `navigator.onLine` alone is not asked: a laptop without a network still reaches the server on itself.
 */
import { isLoopback, under } from "./base";

const FIRST_PROBE = 1_000; // ms; then doubled up to
const LONGEST_PROBE = 15_000;

export interface Reachability {
  readonly reached: boolean;
  /** Told by the client after each call. */
  note(reached: boolean): void;
  subscribe(changed: () => void): () => void;
}

export function createReachability(probe: () => Promise<boolean>): Reachability {
  const listeners = new Set<() => void>();
  let reached = true;
  let pause = FIRST_PROBE;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function note(now: boolean): void {
    if (now === reached) return;
    reached = now;
    pause = FIRST_PROBE;
    clearTimeout(timer);
    timer = now ? undefined : setTimeout(look, pause);
    for (const changed of listeners) changed();
  }

  async function look(): Promise<void> {
    const own = timer;
    const there = await probe().catch(() => false);
    if (timer !== own) return; // it came back meanwhile, and where it went again another look is on its way
    if (there) return note(true);
    pause = Math.min(pause * 2, LONGEST_PROBE);
    timer = setTimeout(look, pause);
  }

  return {
    get reached() {
      return reached;
    },
    note,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}

export const reachability = createReachability(async () => {
  const response = await fetch(under("/health"), { cache: "no-store" });
  return response.ok || response.status === 503; // 503: there, but not ready; its calls say so themselves
});

/** Lets the browser's own notice count, where a network is needed at all. */
export function watchNetwork(): () => void {
  if (isLoopback(location.hostname)) return () => {};
  const off = () => reachability.note(false);
  addEventListener("offline", off);
  return () => removeEventListener("offline", off);
}
