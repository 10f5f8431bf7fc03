/** What crosses the wire between the page and the server. Field names are the server's; moments are ISO 8601 with an offset. */

export type Moment = string;

export interface Session {
  signed_in: boolean;
  /** No account exists yet: the first visit makes the administrator. */
  setup: boolean;
  setup_token_needed: boolean;
  /** Everybody on this machine is one local person; there is no sign-in. */
  no_auth: boolean;
  account: Account | null;
  csrf: string;
  limits: { attachment_bytes: number; attachments: number; attachment_types: string[] };
  /** Hosts that pictures in answers may come from: names, `*.example.org`, `*`. `offline`: none is asked. */
  outside: { hosts: string[]; offline: boolean };
  version: string;
}

export interface Account {
  id: string;
  email: string;
  name: string;
  role: "owner" | "member";
  /** Empty: what the browser prefers. */
  language: "" | Language;
  /** Empty: what the system prefers. */
  theme: "" | "light" | "dark";
}

export type Language = "en" | "fr" | "ja";

export interface ConversationSummary {
  id: string;
  title: string;
  titled_by: "" | "model" | "person";
  model: string;
  pinned: Moment | null;
  archived: Moment | null;
  created: Moment;
  updated: Moment;
  running: boolean;
}

export interface Sampling {
  system?: string;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  max_tokens?: number;
  presence_penalty?: number;
  frequency_penalty?: number;
  seed?: number;
  stop?: string[];
}

export interface Conversation extends ConversationSummary {
  settings: Sampling;
  /** The message shown last; the path from the root to it is what is on the page. */
  leaf: string | null;
  /** Of all branches, oldest first. */
  messages: Message[];
  /** Waiting or running. */
  runs: { id: string; message: string; state: "waiting" | "running"; seq: number }[];
}

export type MessageState = "waiting" | "running" | "done" | "stopped" | "failed" | "cut_off";

export interface Attachment {
  name: string;
  type: string;
  text: string;
}

export interface Message {
  id: string;
  parent: string | null;
  role: "user" | "assistant";
  content: string;
  attachments: Attachment[];
  created: Moment;
  /** The rest says how an answer came about; a question has state "done". */
  run: string | null;
  model: string;
  /** Empty: this machine. Else the host that computed it. */
  served_by: string;
  state: MessageState;
  finish: "stop" | "length" | "model_length" | "error" | null;
  error: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  seconds: number;
  first_token_seconds: number;
  /** Hosts that something was sent to. */
  left: string[];
}

/** The events of a run, in order of `seq`. Types that are not listed are for later versions and are passed over. */
export type RunEvent =
  | {
      type: "conversation.response.started";
      conversation_id: string;
      message_id: string;
      model: string;
      served_by: string;
      sent_from: string | null;
      dropped: number;
      prompt_tokens: number;
    }
  | { type: "message.output.delta"; content: string }
  | {
      type: "conversation.response.done";
      finish: "stop" | "length" | "model_length";
      usage: { prompt_tokens: number; completion_tokens: number; cached_tokens: number };
      seconds: number;
      first_token_seconds: number;
      left: string[];
    }
  | { type: "conversation.response.error"; message: string; code: string | null }
  | { type: "run.stopped"; by: string }
  | { type: "run.cut_off" }
  | { type: "run.waiting" }
  | { type: "run.gap" };

/** What other tabs and devices must know. */
export type Change =
  | { type: "ready" }
  | { type: "conversation.changed"; id: string }
  | { type: "conversation.deleted"; id: string }
  | { type: "run.started"; run: string; conversation: string; message: string };

export interface SearchHit {
  conversation: string;
  title: string;
  message: string | null;
  excerpt: string;
  /** Half-open ranges of `excerpt`, in UTF-16 units. */
  marks: [number, number][];
  created: Moment;
}

export interface ContextUse {
  limit: number;
  used: number;
  sent_from: string | null;
  dropped: string[];
}

export interface ListOf<T> {
  object: "list";
  data: T[];
  next: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: ("inference" | "admin")[];
  created: Moment;
  last_used: Moment | null;
  expires: Moment | null;
  revoked: Moment | null;
}

export interface SignedIn {
  id: string;
  user_agent: string;
  address: string;
  created: Moment;
  last_seen: Moment;
  current: boolean;
}

export interface Invitation {
  id: string;
  role: "owner" | "member";
  name: string;
  created: Moment;
  expires: Moment;
  used: Moment | null;
  revoked: Moment | null;
}

/** The public model card, as `GET /v1/models` gives it. */
export interface Model {
  id: string;
  name?: string | null;
  description?: string | null;
  max_context_length: number;
  aliases?: string[];
  owned_by?: string;
  capabilities?: Record<string, boolean>;
  /** Of the weights, as SPDX where there is one; null: not known. */
  license?: string | null;
  /** The host of the upstream that answers; empty: this server. */
  served_by?: string;
  [more: string]: unknown;
}

/** The one shape of every error. */
export interface ApiError {
  object: "error";
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}
