/** The thread around a component. In: a selector of its view. Out: that part, rendered again only when it changes. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Message } from "@/api/types";
import { find, type Outgoing } from "./queue";
import type { ThreadStore, View } from "./view";

export const ThreadContext = createContext<ThreadStore | null>(null);

/** The model that answers here: an id or alias, "" for the server's default. */
export const ThreadModel = createContext("");

export function useStore(): ThreadStore {
  const store = useContext(ThreadContext);
  if (store === null) throw new Error("This part of the page stands in a thread.");
  return store;
}

/** `select` gives something of the view as it stands in it, or a plain value: what it makes anew would render for ever. */
export function useView<T>(select: (view: View) => T): T {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => select(store.view()));
}

export function useMessage(id: string): Message | undefined {
  return useView((view) => view.thread.messages.get(id));
}

/** The request that a message was made by, as long as the server has not taken it. */
export function useOutgoing(run: string | null): Outgoing | undefined {
  return useView((view) => find(view.queue, run));
}
