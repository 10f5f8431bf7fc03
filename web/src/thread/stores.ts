/** The threads of this page. In: an id. Out: its store, the same as long as it matters: a switch away and back loses nothing. */
import type { QueryClient } from "@tanstack/react-query";
import { countContext, uploadFile } from "@/api/actions";
import { under } from "@/api/base";
import { ApiFailure, unreachable } from "@/api/failure";
import { newId } from "@/api/id";
import { keys, modelsQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { modelNamed, talking } from "@/shell/model-facts";
import { createDrafts, type Drafts } from "./drafts";
import { memoryTransport } from "./memory-transport";
import { newChatOf } from "./new-chat";
import { createStore } from "./store";
import { type Beginning, serverTransport } from "./transport";
import { createUploads, type Uploads } from "./uploads";
import type { ThreadStore } from "./view";

interface Kept {
  stores: Map<string, ThreadStore>;
  drafts: Map<string, Drafts>;
  uploads: Uploads;
}

/** Threads kept in memory. More are let go, the longest unused first; what is on its way is not. */
const MOST = 30;

/** The draft of the conversation that does not exist yet. */
export const NEW_DRAFT = "new";

const kept = new WeakMap<QueryClient, Kept>();

function keptBy(cache: QueryClient): Kept {
  const known = kept.get(cache) ?? { stores: new Map(), drafts: new Map(), uploads: createUploads(uploadFile) };
  kept.set(cache, known);
  return known;
}

/** The thread of a conversation that the server has. */
export function storeOf(cache: QueryClient, id: string): ThreadStore {
  const { stores } = keptBy(cache);
  const known = stores.get(id);
  const store = known ?? createStore({ id, exists: true, transport: serverTransport(cache, id, () => null) });
  if (!known) settleDrafts(cache, store);
  keep(stores, store);
  return store;
}

/** A thread that does not exist yet: its conversation is made with its first message. */
export function newStore(cache: QueryClient): ThreadStore {
  const { stores } = keptBy(cache);
  // One whose first message has not arrived has no address to come back to but this.
  const unsent = [...stores.values()].find((one) => !one.view().exists && one.view().queue.length > 0);
  if (unsent) return unsent;
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
  settleDrafts(cache, store);
  const leave = store.subscribe(() => {
    if (!store.view().exists) return;
    leave();
    moveDraft(cache, id);
  });
  keep(stores, store);
  return store;
}

/** A message that has arrived needs no draft, whether its conversation had an address when it was sent or not. */
function settleDrafts(cache: QueryClient, store: ThreadStore): void {
  store.onArrived((send) => {
    if (send.kind !== "message") return;
    const drafts = draftsOf(cache);
    for (const key of [NEW_DRAFT, store.id]) drafts.settle(key, send.message.id);
  });
}

/** The conversation got its address: what was typed since belongs to it. */
function moveDraft(cache: QueryClient, to: string): void {
  const drafts = draftsOf(cache);
  drafts.write(to, drafts.read(NEW_DRAFT));
  drafts.setFiles(to, drafts.files(NEW_DRAFT));
  drafts.write(NEW_DRAFT, "");
  drafts.setFiles(NEW_DRAFT, []);
  uploadsOf(cache).move(NEW_DRAFT, to);
}

/** A thread of which nothing is kept. Its choices stay those of the new chat, also while it goes on. */
export function temporaryStore(cache: QueryClient): ThreadStore {
  const transport = memoryTransport({
    ask: (body, signal) => openChat(cache, body, signal),
    count: countContext,
    async beginning() {
      const { model, settings } = newChatOf(cache);
      const served = modelNamed(talking(await cache.ensureQueryData(modelsQuery)), model);
      if (!served) throw new ApiFailure("There is no model.", 503, "no_model");
      const { id, served_by, left, default_model_temperature: temperature } = served;
      return { model: id, settings, served_by, left, temperature };
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

/** Pictures and sounds on their way, for whichever draft. */
export function uploadsOf(cache: QueryClient): Uploads {
  return keptBy(cache).uploads;
}

/** At sign-out: nothing that this person was typing stays in this browser, and no thread in this page. */
export function forgetThreads(cache: QueryClient): void {
  draftsOf(cache).clear();
  letGoThreads(cache);
}

/** No thread stays in this page, and what was being typed only in storage. */
export function letGoThreads(cache: QueryClient): void {
  kept.get(cache)?.uploads.clear();
  kept.delete(cache);
}
