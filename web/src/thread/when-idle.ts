/** Runs `work` once nothing more urgent is to be done, `within` so many milliseconds; returns how to call it off. */
export function whenIdle(work: () => void, within = 5_000): () => void {
  // Safari has no idle callbacks: after its first frames is late enough.
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(work, 500);
    return () => clearTimeout(timer);
  }
  const idle = requestIdleCallback(work, { timeout: within });
  return () => cancelIdleCallback(idle);
}
