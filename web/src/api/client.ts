/** Calls to the server. In: one of its operations (schema.ts), and what it is sent. Out: what it answers, or an ApiFailure. */
import { PREFIX, under } from "./base";
import { ApiFailure, failureOf, unreachable } from "./failure";
import { type PostFile, postFile } from "./post-file";
import { reachability } from "./reachability";
import type { Calls } from "./schema";
import type { Session } from "./types";

/** "GET /api/session" */
export type Operation = keyof Calls;
type OfGet = Extract<Operation, `GET ${string}`>;

/** A parameter that is null is not sent. */
type Sent<Query> = { [Name in keyof Query]: Query[Name] | null };
/** The part is asked for where the operation has it, and may be left out where all of it may. */
type Part<Name extends string, Value> = Value extends null
  ? { [N in Name]?: never }
  : object extends Value
    ? { [N in Name]?: Value }
    : { [N in Name]: Value };
type Address<Op extends Operation> = Part<"path", Calls[Op]["path"]> &
  Part<"query", Calls[Op]["query"] extends null ? null : Sent<Calls[Op]["query"]>>;

export type CallOptions<Op extends Operation> = Address<Op> &
  Part<"body", Calls[Op]["body"]> & {
    signal?: AbortSignal;
    /** Told how many bytes of a body that is a file have left. */
    onSent?: (bytes: number) => void;
  };
/** Nothing need be given where nothing is needed. */
type Given<Options> = object extends Options ? [options?: Options] : [options: Options];

export interface Client {
  call<Op extends Operation>(operation: Op, ...given: Given<CallOptions<Op>>): Promise<Calls[Op]["answer"]>;
  /** The path of something the browser itself fetches, such as a download. */
  address<Op extends OfGet>(operation: Op, ...given: Given<Address<Op>>): string;
  /** What GET /api/session gave last; its token goes with every call that changes something. */
  hold(session: Session): Session;
  /** Called when a call is answered 401: the session ended elsewhere. Gives back how to end the listening. */
  onSignedOut(listener: () => void): () => void;
  /** Called before a session is held that is no longer the person's whose session was: what is known of them must go. */
  onPersonChanged(listener: () => void): () => void;
}

export interface ClientParts {
  prefix: string;
  fetch: typeof fetch;
  postFile: PostFile;
  note: (reached: boolean) => void;
}

/** What any operation may be sent. */
interface Parts {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  onSent?: (bytes: number) => void;
}

/** A change that was shown as done must arrive though the page is left right then. Browsers do that for 64 KiB in all (Fetch, 4.7). */
const KEPT_ALIVE = 8_000; // characters

export function createClient({ prefix, fetch, postFile, note }: ClientParts): Client {
  const ends = new Set<() => void>();
  const changes = new Set<() => void>();
  let csrf = "";
  let person: string | null = null;

  function address(operation: string, { path: names = {}, query = {} }: Parts = {}): string {
    const path = pathOf(operation).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined) parameters.set(name, String(value));
    }
    const text = parameters.toString();
    return under(path, prefix) + (text === "" ? "" : `?${text}`);
  }

  async function ask(operation: string, parts: Parts): Promise<Response> {
    const { body, signal } = parts;
    const method = operation.split(" ", 1)[0] ?? "";
    const headers = new Headers({ Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", body instanceof Blob ? body.type : "application/json");
    if (method !== "GET" && csrf !== "") headers.set("X-CSRF-Token", csrf);
    const told = parts.onSent ?? (() => undefined);
    const sending =
      body instanceof Blob
        ? postFile(address(operation, parts), headers, body, told, signal)
        : fetch(address(operation, parts), json(method, headers, body, signal));
    try {
      const response = await sending;
      note(true);
      return response;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      note(false);
      throw unreachable(cause);
    }
  }

  function hold(session: Session): Session {
    const now = personOf(session);
    if (person !== null && now !== person) tell(changes);
    person = now;
    csrf = session.csrf;
    return session;
  }

  async function call(operation: string, parts: Parts = {}): Promise<unknown> {
    let response = await ask(operation, parts);
    if (!response.ok) {
      const failure = await failureOf(response);
      if (response.status === 401 && pathOf(operation) !== "/api/session") tell(ends);
      if (!isStaleToken(failure)) throw failure;
      // Signing in again in another tab changed the session under this one: its new token makes the same call good.
      const session = (await read(await good(await ask("GET /api/session", {})))) as Session;
      if (personOf(session) !== person) {
        // But not as somebody else: what this person wrote is not to end up with them.
        tell(ends);
        throw failure;
      }
      hold(session);
      response = await good(await ask(operation, parts));
    }
    return read(response);
  }

  return {
    call: call as Client["call"], // the server's word for what its document says it answers
    address: address as Client["address"],
    hold,
    onSignedOut: (listener) => listening(ends, listener),
    onPersonChanged: (listener) => listening(changes, listener),
  };
}

function json(method: string, headers: Headers, body: unknown, signal: AbortSignal | undefined): RequestInit {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return {
    method,
    headers,
    keepalive: method !== "GET" && (text?.length ?? 0) < KEPT_ALIVE,
    credentials: "same-origin",
    cache: "no-store",
    ...(text === undefined ? {} : { body: text }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function tell(listeners: ReadonlySet<() => void>): void {
  for (const listener of listeners) listener();
}

function listening(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function personOf({ account }: Session): string | null {
  return account?.id ?? null;
}

function pathOf(operation: string): string {
  return operation.slice(operation.indexOf(" ") + 1);
}

function isStaleToken(failure: ApiFailure): boolean {
  return failure.status === 403 && [failure.code, failure.type, failure.param].some((one) => /csrf/i.test(one ?? ""));
}

async function good(response: Response): Promise<Response> {
  if (!response.ok) throw await failureOf(response);
  return response;
}

/** 204 and other empty bodies read as null. */
async function read(response: Response): Promise<unknown> {
  const text = await response.text().catch((cause: unknown) => {
    throw unreachable(cause);
  });
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    throw new ApiFailure(
      "The server's answer is no JSON: a proxy in between may have answered.",
      response.status,
      "unreadable",
    );
  }
}

export const server = createClient({
  prefix: PREFIX,
  fetch: (...request) => fetch(...request),
  postFile,
  note: (reached) => reachability.note(reached),
});
