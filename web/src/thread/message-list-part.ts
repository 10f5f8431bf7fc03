/**
 * The turns and what lays them out, which load beside the page. In: nothing. Out: the list, or null until it is there.
 *
 * Not `React.lazy`: that shows its fallback even where the part is there already, and React then keeps a fallback for 300 ms.
 */
import { useSyncExternalStore } from "react";
import type { MessageList } from "./message-list";

type List = typeof MessageList;

let list: List | null = null;
let failure: { of: unknown } | null = null;
let loading: Promise<List> | null = null;
const listeners = new Set<() => void>();

/** For whoever knows that a conversation will be shown. A failure is said where the list is; the next call tries again. */
export function loadMessageList(): Promise<List> {
  if (loading) return loading;
  loading = import("./message-list").then((part) => part.MessageList);
  loading.then(
    (part) => {
      list = part;
      for (const changed of listeners) changed();
    },
    (cause: unknown) => {
      failure = { of: cause };
      loading = null;
      for (const changed of listeners) changed();
    },
  );
  return loading;
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  failure = null;
  void loadMessageList().catch(() => {}); // kept in `failure`
  return () => listeners.delete(changed);
}

/** Throws where it cannot be loaded: the page then says so, and offers to load anew (page-states.tsx). */
export function useMessageList(): List | null {
  const broken = useSyncExternalStore(subscribe, () => failure);
  const part = useSyncExternalStore(subscribe, () => list);
  if (part === null && broken !== null) throw broken.of;
  return part;
}
