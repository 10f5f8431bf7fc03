/** Runs `work` once nothing more urgent is to be done, and returns how to call it off. */
export function whenIdle(work: () => void): () => void {
  // Safari has no idle callbacks: after its first frames is late enough.
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(work, 500);
    return () => clearTimeout(timer);
  }
  const idle = requestIdleCallback(work, { timeout: 5_000 });
  return () => cancelIdleCallback(idle);
}
