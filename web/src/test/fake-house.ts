/** A whole server for tests and for the gallery. In: conversations, an account, hits. Out: answers as the server gives them, and its state. */
import type { Account, Conversation, ConversationSummary, Model, SearchHit, Session } from "@/api/types";
import { type FakeServer, fakeServer, json, refused, type Stream, stream } from "./fake-fetch";
import { modelCard } from "./model-card";

export const ALIX: Account = {
  id: "a",
  object: "account",
  email: "alix@example.org",
  name: "Alix",
  role: "owner",
  language: "",
  theme: "",
  created: "2026-01-05T12:00:00Z",
  disabled: null,
};

export const MODELS: Model[] = [
  modelCard("small", { name: "Small", license: "Apache-2.0" }),
  modelCard("large", { name: "Large", max_context_length: 131_072, served_by: "api.example.com", state: null }),
];

export function summary(number: number, more: Partial<ConversationSummary> = {}): ConversationSummary {
  const moment = new Date(Date.now() - number * 60_000).toISOString();
  const id = number.toString(16).padStart(32, "0");
  const rest = {
    object: "conversation" as const,
    titled_by: "model" as const,
    model: "small",
    pinned: null,
    archived: null,
    running: false,
  };
  return { id, title: `Conversation ${number}`, ...rest, created: moment, updated: moment, ...more };
}

export interface HouseState {
  conversations: ConversationSummary[];
  deleted: ConversationSummary[];
  account: Account;
  session: Partial<Session>;
  hits: SearchHit[];
  changes: Stream[];
}

/** A state of which only what matters is given. The account is its own: a test may change it. */
export function stateOf(given: Partial<HouseState>): HouseState {
  return { conversations: [], deleted: [], account: { ...ALIX }, session: {}, hits: [], changes: [], ...given };
}

/** The server of this state. What tests of one place need beside it, they add by `on`. */
export function serverOf(state: HouseState): FakeServer {
  const find = (path: string) => state.conversations.find(({ id }) => path.includes(id));
  const gone = () => refused(404, "There is no such conversation.", "not_found");
  return fakeServer({
    "GET /health": () => json({}),
    "GET /api/session": () => json(sessionOf(state)),
    "PATCH /api/account": ({ body }) => json(Object.assign(state.account, body)),
    "GET /v1/models": () => json({ object: "list", data: MODELS }),
    "GET /api/changes": ({ signal }) => {
      const one = stream(signal);
      state.changes.push(one);
      return one.response;
    },
    "GET /api/conversations": ({ query }) => {
      const archived = query.get("archived") === "true";
      const data = state.conversations.filter((one) => (one.archived !== null) === archived);
      return json({ object: "list", data: data.toSorted((a, b) => b.updated.localeCompare(a.updated)), next: null });
    },
    "GET /api/conversations/:id": ({ path }) => {
      const one = find(path);
      const whole: Partial<Conversation> = { settings: {}, leaf: null, messages: [], runs: [], withdrawn: [] };
      return one ? json({ ...one, ...whole }) : gone();
    },
    "PATCH /api/conversations/:id": ({ path, body }) => {
      const one = find(path);
      return one ? json(Object.assign(one, dated(body))) : gone();
    },
    "DELETE /api/conversations/:id": ({ path }) => {
      const one = find(path);
      if (!one) return gone();
      state.conversations = state.conversations.filter((other) => other !== one);
      state.deleted.push(one);
      return new Response(null, { status: 204 });
    },
    "POST /api/conversations/:id/restore": ({ path }) => {
      const one = state.deleted.find(({ id }) => path.includes(id));
      if (!one) return gone();
      state.conversations.push(one);
      return json(one);
    },
    "POST /api/context": () =>
      json({ limit: 8192, used: 1, sent_from: null, dropped: [], images: 0, sounds: 0, thoughts: false }),
    "GET /api/search": () => json({ object: "list", data: state.hits, has_more: false, next: null }),
  });
}

/** What GET /api/session answers. */
export function sessionOf({ account, session }: HouseState): Session {
  const limits = {
    attachment_bytes: 1000,
    attachments: 2,
    attachment_types: ["text/plain"],
    image_bytes: 1000,
    image_types: [],
    audio_bytes: 4 * 1024 * 1024,
    audio_types: [],
    body_bytes: 10_000_000,
  };
  const here = { object: "session" as const, signed_in: true, setup: false, setup_token_needed: false, no_auth: false };
  return { ...here, account, csrf: "token", limits, outside: { hosts: [], offline: false }, version: "1", ...session };
}

/** The server keeps a moment where the page says yes. */
function dated(body: unknown): Record<string, unknown> {
  const moment = (value: unknown) => (typeof value === "boolean" ? (value ? new Date().toISOString() : null) : value);
  return Object.fromEntries(Object.entries(body ?? {}).map(([name, value]) => [name, moment(value)]));
}
