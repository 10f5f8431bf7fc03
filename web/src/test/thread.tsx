/** A thread of the page, for tests of its parts. In: messages. Out: a store, and a part of the page on it. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { keys } from "@/api/queries";
import type { Message, Model } from "@/api/types";
import { TooltipProvider } from "@/components/tooltip";
import { memoryTransport } from "@/thread/memory-transport";
import { wholeOf } from "@/thread/merge";
import { conversation } from "@/thread/samples";
import { createStore } from "@/thread/store";
import { ThreadContext } from "@/thread/thread-context";
import type { Transport } from "@/thread/transport";
import type { ThreadStore } from "@/thread/view";

export const never = (): Promise<never> => new Promise(() => {});

/** A thread with these messages, in a house where nothing more happens unless the test says so. */
export function threadOf(
  messages: Message[],
  house: Partial<Transport> = {},
  runs: { id: string; message: string }[] = [],
): ThreadStore {
  const inner = memoryTransport({ ask: never, count: never, beginning: never });
  const store = createStore({
    id: "c",
    exists: true,
    transport: { ...inner, ...house },
    schedule: (work) => {
      queueMicrotask(work);
      return () => {};
    },
    pause: async () => {},
  });
  const active = runs.map((run) => ({ ...run, state: "running" as const, seq: 0 }));
  store.load(wholeOf(conversation("c", messages, active)));
  return store;
}

/** On a page, as far as a part of the thread looks for one. */
export function show(store: ThreadStore, children: ReactNode, models: Model[] = []) {
  const nothing = new QueryClient({ defaultOptions: { queries: { enabled: false } } }); // no server is asked
  nothing.setQueryData(keys.models, models);
  return render(
    <QueryClientProvider client={nothing}>
      <TooltipProvider>
        <ThreadContext value={store}>{children}</ThreadContext>
      </TooltipProvider>
    </QueryClientProvider>,
  );
}
