/** A server for tests. In: routes. Out: a `fetch` that answers by them, and what it was asked. Not a mock of ours: it stands where the wire is. */
export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: unknown;
  signal: AbortSignal | null;
}

export type Answer = Response | Promise<Response>;
export type Routes = Record<string, (asked: Asked) => Answer>;

export interface FakeServer {
  fetch: typeof fetch;
  asked: Asked[];
  /** Keys are "GET /api/session"; a `:name` in a path stands for one part of it. Later ones replace earlier ones. */
  on: (routes: Routes) => void;
}

export function fakeServer(routes: Routes = {}): FakeServer {
  const known = new Map(Object.entries(routes));
  const asked: Asked[] = [];
  const on = (more: Routes) => {
    for (const [key, answer] of Object.entries(more)) known.set(key, answer);
  };
  async function answer(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const address = new URL(String(input), "http://alize.test");
    const one: Asked = {
      method: init.method ?? "GET",
      path: address.pathname,
      query: address.searchParams,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
      signal: init.signal ?? null,
    };
    asked.push(one);
    if (init.signal?.aborted) throw new DOMException("aborted", "AbortError");
    for (const [key, route] of known) if (matches(key, one)) return route(one);
    return refused(404, `Nothing is at ${one.method} ${one.path}.`, "not_found");
  }
  return { fetch: answer, asked, on };
}

function matches(key: string, { method, path }: Asked): boolean {
  const [wanted = "", pattern = ""] = key.split(" ");
  const parts = pattern.split("/");
  const given = path.split("/");
  return (
    wanted === method &&
    parts.length === given.length &&
    parts.every((part, place) => part.startsWith(":") || part === given[place])
  );
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

export function refused(
  status: number,
  message: string,
  type = "invalid_request_error",
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  return json({ object: "error", message, type, param: null, code: null, ...more }, status, headers);
}

export interface Stream {
  response: Response;
  send: (text: string) => void;
  end: () => void;
  break: () => void;
}

/** An event stream that the test writes to. Aborting the request ends it, as a browser's does. */
export function stream(signal: AbortSignal | null): Stream {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
    },
  });
  let open = true;
  const close = (how: () => void) => {
    if (open) how();
    open = false;
  };
  signal?.addEventListener("abort", () => close(() => controller.error(new DOMException("aborted", "AbortError"))));
  return {
    response: new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } }),
    send: (text) => controller.enqueue(new TextEncoder().encode(text)),
    end: () => close(() => controller.close()),
    break: () => close(() => controller.error(new TypeError("network error"))),
  };
}
