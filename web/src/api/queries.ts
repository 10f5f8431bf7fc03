/** What the pages read. In: ids. Out: TanStack Query hooks over the server's answers, under keys that changes.ts invalidates. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { server } from "./client";
import { ApiFailure } from "./failure";
import type { Conversation } from "./types";

export { continueAnswer, postMessage, regenerate, stopRun } from "./actions";

const PAGE = 50; // conversations a call: more than a screen, less than a moment
const KEYS_PAGE = 100;
const SOON = 2000; // milliseconds until a model that is being loaded is looked at again
const SOMETIME = 10_000; // and one whose state others may change

const HITS_FIRST = 20; // of which the palette shows a part
const HITS_PAGE = 30;

/** Characters that the server takes of a search. */
export const LONGEST_SEARCH = 200;

export const keys = {
  session: ["session"] as const,
  models: ["models"] as const,
  allConversations: ["conversations"] as const,
  conversations: (archived: boolean) => ["conversations", { archived }] as const,
  conversation: (id: string) => ["conversation", id] as const,
  contexts: (id: string) => ["context", id] as const,
  context: (id: string, leaf: string | null) => ["context", id, leaf] as const,
  search: (text: string) => ["search", text] as const,
  apiKeys: ["keys"] as const,
  sessions: ["sessions"] as const,
  accounts: ["accounts"] as const,
  invitations: ["invitations"] as const,
  residents: ["residents"] as const,
};

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => server.hold(await server.call("GET /api/session", { signal })),
  staleTime: 5 * 60_000,
});

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: async ({ signal }) => (await server.call("GET /v1/models", { signal })).data,
  staleTime: 60_000,
  refetchInterval: ({ state }) => (state.data?.some(({ state }) => moves(state)) ? SOON : false),
});

/** Whether a model's state passes by itself: it is looked at again soon. */
function moves(state: string | null): boolean {
  return state === "loading" || state === "draining";
}

export const conversationsQuery = (archived: boolean) =>
  infiniteQueryOptions({
    queryKey: keys.conversations(archived),
    queryFn: ({ pageParam, signal }) =>
      server.call("GET /api/conversations", {
        query: { archived, limit: PAGE, after: pageParam },
        signal,
      }),
    initialPageParam: null as string | null, // widened: the first page has no `after`, the others have
    getNextPageParam: (page) => page.next,
    staleTime: 30_000,
  });

async function readConversation(id: string, signal: AbortSignal): Promise<Conversation> {
  // Its settings hold what was set, never null: types.ts.
  const found = await server.call("GET /api/conversations/{conversation_id}", {
    path: { conversation_id: id },
    signal,
  });
  return found as Conversation;
}

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: keys.conversation(id),
    queryFn: ({ signal }) => readConversation(id, signal),
    staleTime: 30_000,
  });

export function useSession() {
  return useQuery(sessionQuery);
}

export function useModels() {
  return useQuery(modelsQuery);
}

export function useConversations({ archived = false }: { archived?: boolean } = {}) {
  return useInfiniteQuery(conversationsQuery(archived));
}

/** Nothing is asked for while `id` is null: a conversation that does not exist yet. */
export function useConversation(id: string | null) {
  return useQuery({ ...conversationQuery(id ?? ""), enabled: id !== null });
}

/** How much of the model's context the path to `leaf` takes, and what is left out. */
export function useContextUse(id: string | null, leaf: string | null) {
  return useQuery({
    queryKey: keys.context(id ?? "", leaf),
    queryFn: ({ signal }) =>
      server.call("GET /api/conversations/{conversation_id}/context", {
        path: { conversation_id: id ?? "" },
        query: { leaf },
        signal,
      }),
    enabled: id !== null && leaf !== null,
    placeholderData: keepPreviousData,
  });
}

/** The first hits. The last ones stay while the next are fetched, so that a list under typing does not flicker. */
export function useSearch(text: string) {
  const q = text.trim();
  return useQuery({
    queryKey: [...keys.search(q), "first"],
    queryFn: async ({ signal }) =>
      (await server.call("GET /api/search", { query: { q, limit: HITS_FIRST }, signal })).data,
    enabled: q !== "",
    placeholderData: (previous) => (q === "" ? undefined : previous),
    staleTime: 10_000,
  });
}

/** Every hit, page by page. */
export function useSearchPages(text: string) {
  const q = text.trim();
  return useInfiniteQuery({
    queryKey: [...keys.search(q), "pages"],
    queryFn: ({ pageParam, signal }) =>
      server.call("GET /api/search", { query: { q, limit: HITS_PAGE, after: pageParam }, signal }),
    initialPageParam: null as string | null, // widened: see conversationsQuery
    getNextPageParam: (page) => page.next,
    enabled: q !== "",
    placeholderData: (previous) => (q === "" ? undefined : previous),
    staleTime: 10_000,
  });
}

export function useSessions() {
  return useQuery({
    queryKey: keys.sessions,
    queryFn: ({ signal }) => everyPage((query) => server.call("GET /api/sessions", { query, signal })),
  });
}

export function useAccounts(enabled = true) {
  return useQuery({
    queryKey: keys.accounts,
    queryFn: ({ signal }) => everyPage((query) => server.call("GET /api/accounts", { query, signal })),
    enabled,
  });
}

/** The models of this server as they are in memory: for who may manage them. */
export function useResidents() {
  return useQuery({
    queryKey: keys.residents,
    queryFn: ({ signal }) => server.call("GET /api/models", { signal }),
    refetchInterval: ({ state }) =>
      state.data?.data.some(({ state, reloading }) => reloading || moves(state)) ? SOON : SOMETIME,
  });
}

export function useInvitations(enabled = true) {
  return useQuery({
    queryKey: keys.invitations,
    queryFn: ({ signal }) => everyPage((query) => server.call("GET /api/invitations", { query, signal })),
    enabled,
  });
}

/** A whole list, page by page: for those that people make by hand and that stay short. */
async function everyPage<T>(
  ask: (query: { limit: number; after: string | null }) => Promise<{ data: T[]; next: string | null }>,
): Promise<T[]> {
  const found: T[] = [];
  let after: string | null = null;
  do {
    const page: { data: T[]; next: string | null } = await ask({ limit: KEYS_PAGE, after });
    found.push(...page.data);
    after = page.next;
  } while (after !== null);
  return found;
}

/** Once more for what may pass by itself, at most twice; never for a refusal. */
export function retryWanted(failures: number, error: unknown): boolean {
  return failures < 2 && (!(error instanceof ApiFailure) || (error.passing && error.status !== 429));
}
