/** Small choices of this browser. In: a key and a default. Out: a value that survives the page where storage is allowed, and works where not. */
import { useCallback, useSyncExternalStore } from "react";

export interface Kept {
  read(): string;
  write(value: string): void;
  subscribe(changed: () => void): () => void;
}

/** Other tabs' writes are seen too. Storage that is full or forbidden: the value lives as long as the page. */
export function createKept(key: string, initial: string, storage: () => Storage | null = localStorageOrNone): Kept {
  const listeners = new Set<() => void>();
  let value = attempt(() => storage()?.getItem(key)) ?? initial;
  const tell = () => {
    for (const changed of listeners) changed();
  };
  const onStorage = (event: StorageEvent) => {
    if (event.key !== key) return;
    value = event.newValue ?? initial;
    tell();
  };
  return {
    read: () => value,
    write(next) {
      value = next;
      attempt(() => storage()?.setItem(key, next));
      tell();
    },
    subscribe(changed) {
      if (listeners.size === 0) addEventListener("storage", onStorage);
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
        if (listeners.size === 0) removeEventListener("storage", onStorage);
      };
    },
  };
}

export function useKept(kept: Kept): [string, (value: string) => void] {
  const value = useSyncExternalStore(kept.subscribe, kept.read);
  return [value, useCallback((next: string) => kept.write(next), [kept])];
}

function localStorageOrNone(): Storage | null {
  return typeof localStorage === "undefined" ? null : localStorage;
}

/** Browsers throw on the mere mention of storage where it is forbidden. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
