/** Calls to the server. In: a method, a path, perhaps a body. Out: the answer's JSON, or an ApiFailure. */
import { PREFIX, under } from "./base";
import { ApiFailure, failureOf, unreachable } from "./failure";
import { reachability } from "./reachability";
import type { Session } from "./types";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";
type Query = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
  body?: unknown;
  query?: Query;
  signal?: AbortSignal;
}

export interface Client {
  /** The answer of one call. The caller names the wire type (types.ts) that the contract gives this path. */
  call<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
  /** The path of something the browser itself fetches, such as a download. */
  address(path: string, query?: Query): string;
  /** What GET /api/session gave last; its token goes with every call that changes something. */
  hold(session: Session): Session;
  /** Called when a call is answered 401: the session ended elsewhere. Gives back how to end the listening. */
  onSignedOut(listener: () => void): () => void;
}

export interface ClientParts {
  prefix: string;
  fetch: typeof fetch;
  note: (reached: boolean) => void;
}

export function createClient({ prefix, fetch, note }: ClientParts): Client {
  const listeners = new Set<() => void>();
  let csrf = "";

  function address(path: string, query: Query = {}): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== null && value !== undefined) parameters.set(name, String(value));
    }
    const text = parameters.toString();
    return under(path, prefix) + (text === "" ? "" : `?${text}`);
  }

  async function ask(method: Method, path: string, { body, query, signal }: CallOptions): Promise<Response> {
    const headers = new Headers({ Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (method !== "GET" && csrf !== "") headers.set("X-CSRF-Token", csrf);
    try {
      const response = await fetch(address(path, query), {
        method,
        headers,
        credentials: "same-origin",
        cache: "no-store",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
      note(true);
      return response;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      note(false);
      throw unreachable(cause);
    }
  }

  function hold(session: Session): Session {
    csrf = session.csrf;
    return session;
  }

  async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
    let response = await ask(method, path, options);
    if (!response.ok) {
      const failure = await failureOf(response);
      if (response.status === 401 && path !== "/api/session") for (const listener of listeners) listener();
      if (!isStaleToken(failure)) throw failure;
      // Signing in again in another tab changed the session under this one: its new token makes the same call good.
      hold(await read<Session>(await good(await ask("GET", "/api/session", {}))));
      response = await good(await ask(method, path, options));
    }
    return read<T>(response);
  }

  return {
    call,
    address,
    hold,
    onSignedOut(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isStaleToken(failure: ApiFailure): boolean {
  return failure.status === 403 && [failure.code, failure.type, failure.param].some((one) => /csrf/i.test(one ?? ""));
}

async function good(response: Response): Promise<Response> {
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function read<T>(response: Response): Promise<T> {
  const text = await response.text().catch((cause: unknown) => {
    throw unreachable(cause);
  });
  try {
    // The wire is the contract's: `T` is what types.ts gives this path. 204 and other empty bodies read as null.
    return (text === "" ? null : JSON.parse(text)) as T;
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
  note: (reached) => reachability.note(reached),
});
