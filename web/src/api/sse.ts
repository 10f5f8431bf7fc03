/**
 * Event streams that outlive lost connections. In: an address with a place to go on from. Out: each event, in order.
 *
 * Over `fetch` and not `EventSource`, which cannot tell a refusal from a broken network. The stream is let go while nobody looks
 * (a browser opens six connections to a server, and every tab holds one or two) and taken up again where it was.
 */
import { PREFIX, under } from "./base";
import { createEventParser, type StreamEvent } from "./event-parser";
import { ApiFailure, failureIn, failureOf, unreachable } from "./failure";
import { reachability } from "./reachability";
import { awakened, browser, type Surroundings } from "./surroundings";
import type { Change, RunEvent } from "./types";

/** The server sends a comment every 15 s; two and a half of them missing means that nobody is there. */
export const SILENCE = 40_000; // ms
const HIDDEN_GRACE = 10_000; // ms that a stream stays after the page was hidden: a glance at another tab costs nothing
const FIRST_PAUSE = 500; // ms
const LONGEST_PAUSE = 30_000;
const LONGEST_WISH = 60_000; // a server's; a date that it gives may lie hours ahead for a clock that is behind
/** About that long is waited before a stream that was refused is asked for again. */
const REFUSED_PAUSE = 60_000;

export type StreamState = "connecting" | "open" | "waiting";

export interface Following {
  /** The path that gives what comes after `after`; called anew for each connection. */
  path(after: string): string;
  after: string;
  /** True ends the stream: it was the last event. Throwing ends it too, after a second try. */
  onEvent(event: StreamEvent): boolean;
  onState?(state: StreamState): void;
  /** Told what the server says again and again instead of events, while it is asked on. That it is away is reachability's to say. */
  onTrouble?(failure: ApiFailure): void;
  signal: AbortSignal;
}

/** Ends after the last event, or quietly when the signal is aborted. Throws an ApiFailure that waiting does not mend (401, 404…). */
export async function follow(following: Following, around: Surroundings = browser()): Promise<void> {
  const { signal, onState } = following;
  let { after } = following;
  let failures = 0;
  let unread = "";
  while (!signal.aborted) {
    await awakened(around, signal);
    if (signal.aborted) return;
    onState?.("connecting");
    let pause: number | null = null;
    try {
      const ended = await connection(following, after, around, (id) => {
        after = id;
        failures = 0;
        unread = "";
      });
      if (ended) return;
      failures += 1; // one that brings nothing and ends well must not be asked for again at once, for ever
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiFailure && !error.passing) throw error;
      if (error instanceof UnreadEvent) {
        if (unread === error.place) throw error.cause;
        unread = error.place;
      }
      if (error instanceof ApiFailure) pause = error.retryAfter;
      failures += 1;
      if (error instanceof ApiFailure && error.status !== 0 && failures > 1) following.onTrouble?.(error);
    }
    if (!around.awake()) continue;
    onState?.("waiting");
    await around.wait(
      pause === null ? backOff(failures, around.random()) : Math.min(pause * 1000, LONGEST_WISH),
      signal,
    );
  }
}

/** Full jitter, so that the pages of a whole office do not come back at the same moment. */
export function backOff(failures: number, random: number): number {
  const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 10));
  return FIRST_PAUSE / 2 + random * (most - FIRST_PAUSE / 2);
}

/** An event that its reader choked on. Read once more after a new connection: a proxy may have cut it. */
class UnreadEvent extends Error {
  constructor(
    readonly place: string,
    override readonly cause: unknown,
  ) {
    super("unread event");
  }
}

/** One connection, to its end. True: the last event came. */
async function connection(
  { path, onEvent, onState, signal }: Following,
  after: string,
  around: Surroundings,
  passed: (id: string) => void,
): Promise<boolean> {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener("abort", end);
  const unwatch = letGoWhenHidden(around, own);
  let silence = setTimeout(end, SILENCE);
  try {
    const headers = { Accept: "text/event-stream", ...(after === "" ? {} : { "Last-Event-ID": after }) };
    const response = await around
      .fetch(path(after), { headers, credentials: "same-origin", cache: "no-store", signal: own.signal })
      .catch((cause: unknown) => {
        if (!own.signal.aborted) reachability.note(false);
        throw unreachable(cause);
      });
    if (!response.ok) throw await failureOf(response);
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream") || response.body === null) {
      throw new ApiFailure("The server's answer is no event stream.", 502, "unreadable");
    }
    reachability.note(true);
    onState?.("open");
    const parser = createEventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE);
      for (const event of parser.push(value)) {
        if (signal.aborted) return true;
        if (event.event === "error") throw failureIn(event.data); // the stream ends with it
        let last: boolean;
        try {
          last = onEvent(event);
        } catch (cause) {
          throw new UnreadEvent(`${event.id}:${event.data}`, cause);
        }
        passed(event.id || after);
        if (last) return true;
      }
    }
  } catch (error) {
    // Let go on purpose (nobody looks), or silent for too long: a connection that ended, not one that failed.
    if (own.signal.aborted && !signal.aborted && !(error instanceof UnreadEvent)) return false;
    throw error;
  } finally {
    clearTimeout(silence);
    unwatch();
    signal.removeEventListener("abort", end);
    own.abort();
  }
}

function letGoWhenHidden(around: Surroundings, own: AbortController): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (!around.awake()) timer = setTimeout(() => own.abort(), HIDDEN_GRACE);
  };
  const unwatch = around.watch(look);
  look();
  return () => {
    clearTimeout(timer);
    unwatch();
  };
}

const LAST = new Set([
  "conversation.response.done",
  "conversation.response.error",
  "run.stopped",
  "run.cut_off",
  "run.gap",
]);

/**
 * Follows a run from the event after `after` to its terminal event, or to `run.gap` (then the conversation must be loaded again).
 * `seq` is the event's number; numbers may come twice after a reconnect, which the reducer passes over.
 */
export function openRun(
  run: string,
  after: number,
  onEvent: (event: RunEvent, seq: number) => void,
  signal: AbortSignal,
  around?: Surroundings,
  onTrouble?: (failure: ApiFailure) => void,
): Promise<void> {
  let last = after;
  return follow(
    {
      path: (id) => under(`/api/runs/${run}/events?after=${id}`, PREFIX),
      after: String(after),
      onEvent({ id, data }) {
        const event = eventOf<RunEvent>(data);
        if (/^\d+$/.test(id)) last = Number(id);
        onEvent(event, last);
        return LAST.has(event.type);
      },
      ...(onTrouble ? { onTrouble } : {}),
      signal,
    },
    around,
  );
}

/**
 * Follows what changes for this person until the signal is aborted. Each connection begins with `ready`: what changed before it is
 * not told. What waiting does not mend is told, and asked again much later: it may have been somebody in between who refused.
 */
export async function openChanges(
  onChange: (change: Change) => void,
  onRefused: (failure: unknown) => void,
  signal: AbortSignal,
  around: Surroundings = browser(),
): Promise<void> {
  const following: Following = {
    path: () => under("/api/changes", PREFIX),
    after: "",
    onEvent({ data }) {
      onChange(eventOf<Change>(data));
      return false;
    },
    signal,
  };
  while (!signal.aborted) {
    try {
      await follow(following, around);
    } catch (failure) {
      onRefused(failure);
      await around.wait(REFUSED_PAUSE * (0.5 + around.random()), signal);
    }
  }
}

function eventOf<T extends { type: string }>(data: string): T {
  const event: unknown = JSON.parse(data);
  if (typeof event !== "object" || event === null || !("type" in event) || typeof event.type !== "string") {
    throw new ApiFailure("An event of the stream has no type.", 502, "unreadable");
  }
  // The server's union: types.ts lists it, and readers pass over types that they do not know.
  return event as T;
}
