/** The threads of this page. In: an id. Out: its store, the same as long as it matters: a switch away and back loses nothing. */
import type { QueryClient } from "@tanstack/react-query";
import { under } from "@/api/base";
import { unreachable } from "@/api/failure";
import { newId } from "@/api/id";
import { keys, modelsQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { createDrafts, type Drafts } from "./drafts";
import { memoryTransport } from "./memory-transport";
import { newChatOf } from "./new-chat";
import { createStore, type ThreadStore } from "./store";
import { type Beginning, serverTransport } from "./transport";

interface Kept {
  stores: Map<string, ThreadStore>;
  drafts: Map<string, Drafts>;
}

/** Threads kept in memory. More are let go, the longest unused first; what is on its way is not. */
const MOST = 30;

const kept = new WeakMap<QueryClient, Kept>();

function keptBy(cache: QueryClient): Kept {
  const known = kept.get(cache) ?? { stores: new Map(), drafts: new Map() };
  kept.set(cache, known);
  return known;
}

/** The thread of a conversation that the server has. */
export function storeOf(cache: QueryClient, id: string): ThreadStore {
  const { stores } = keptBy(cache);
  const store = stores.get(id) ?? createStore({ id, exists: true, transport: serverTransport(cache, id, () => null) });
  keep(stores, store);
  return store;
}

/** A thread that does not exist yet: its conversation is made with its first message. */
export function newStore(cache: QueryClient): ThreadStore {
  const id = newId();
  // Read once: what was chosen when it began is what a repeated request must say again.
  let beginning: Beginning | null = null;
  const transport = serverTransport(cache, id, () => {
    if (store.view().exists) return null;
    const { model, settings } = newChatOf(cache);
    beginning ??= { model, settings };
    return beginning;
  });
  const store = createStore({ id, exists: false, transport });
  keep(keptBy(cache).stores, store);
  return store;
}

/** A thread of which nothing is kept. Its choices stay those of the new chat, also while it goes on. */
export function temporaryStore(cache: QueryClient, noModel: string): ThreadStore {
  const transport = memoryTransport({
    ask: (body, signal) => openChat(cache, body, signal),
    async beginning() {
      const { model, settings } = newChatOf(cache);
      const chosen = model || (await cache.ensureQueryData(modelsQuery))[0]?.id;
      if (!chosen) throw new Error(noModel);
      return { model: chosen, settings };
    },
  });
  return createStore({ id: newId(), exists: false, transport });
}

async function openChat(cache: QueryClient, body: unknown, signal: AbortSignal): Promise<Response> {
  const csrf = cache.getQueryData<Session>(keys.session)?.csrf ?? "";
  try {
    return await fetch(under("/v1/chat/completions"), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream", "X-CSRF-Token": csrf },
      credentials: "same-origin",
      cache: "no-store",
      body: JSON.stringify(body),
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw unreachable(cause);
  }
}

function keep(stores: Map<string, ThreadStore>, store: ThreadStore): void {
  stores.delete(store.id);
  stores.set(store.id, store);
  for (const [id, old] of stores) {
    if (stores.size <= MOST) return;
    if (old !== store && old.view().queue.length === 0) stores.delete(id);
  }
}

/** What this person is typing, anywhere. */
export function draftsOf(cache: QueryClient): Drafts {
  const owner = cache.getQueryData<Session>(keys.session)?.account?.id ?? "local";
  const { drafts } = keptBy(cache);
  const known = drafts.get(owner) ?? createDrafts(owner, () => window.localStorage);
  drafts.set(owner, known);
  return known;
}
