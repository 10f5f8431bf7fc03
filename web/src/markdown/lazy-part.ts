/** A part of the page that loads when it is first needed. In: how to load it. Out: a hook that gives it, or null until it is there. */
import { useSyncExternalStore } from "react";
import { whenIdle } from "@/thread/when-idle";

export interface LazyPart<T> {
  /** Loads on first use, behind what is to be seen first. After a failure (offline) the next component that needs it tries again; until then there is null. */
  use(): T | null;
  load(): Promise<T | null>;
  /** What is there by now. */
  now(): T | null;
}

export function lazyPart<T>(fetchPart: () => Promise<T>): LazyPart<T> {
  let part: T | null = null;
  let loading: Promise<T | null> | null = null;
  const listeners = new Set<() => void>();
  const load = (): Promise<T | null> => {
    loading ??= idle()
      .then(fetchPart)
      .then(
        (loaded) => {
          part = loaded;
          for (const listener of listeners) listener();
          return loaded;
        },
        () => {
          loading = null;
          return null;
        },
      );
    return loading;
  };
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    void load();
    return () => listeners.delete(listener);
  };
  return {
    load,
    now: () => part,
    use: () =>
      useSyncExternalStore(
        subscribe,
        () => part,
        () => part,
      ),
  };
}

/** The text is there to be read without it: what it takes to run the part is not to come between. */
const WITHIN = 1_000; // ms: a page that writes an answer may never be idle

function idle(): Promise<void> {
  return new Promise((resolve) => void whenIdle(resolve, WITHIN));
}
