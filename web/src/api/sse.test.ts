import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeServer, refused, type Stream, stream } from "@/test/fake-fetch";
import type { ApiFailure } from "./failure";
import { backOff, follow, openChanges, openRun, SILENCE } from "./sse";
import type { Surroundings } from "./surroundings";
import type { RunEvent } from "./types";

const RUN = "0".repeat(32);

interface World {
  around: Surroundings;
  streams: Stream[];
  afters: string[];
  waits: number[];
  sleep: (asleep: boolean) => void;
  ending: AbortController;
  /** The connection of this number (from 1), as soon as it is made. */
  connection: (count: number) => Promise<Stream>;
}

/** Waiting passes at once and is written down; streams are the test's to write. */
function world(refusals: (() => Response)[] = []): World {
  const streams: Stream[] = [];
  const afters: string[] = [];
  const waits: number[] = [];
  const watchers = new Set<() => void>();
  let awake = true;
  const waiting = new Map<number, (one: Stream) => void>();
  const connection = (count: number): Promise<Stream> =>
    new Promise((resolve) => {
      const known = streams[count - 1];
      if (known) resolve(known);
      else waiting.set(count, resolve);
    });
  const open = ({ query, signal }: { query: URLSearchParams; signal: AbortSignal | null }) => {
    afters.push(query.get("after") ?? "");
    const refusal = refusals.shift();
    if (refusal) return refusal();
    const one = stream(signal);
    streams.push(one);
    waiting.get(streams.length)?.(one);
    return one.response;
  };
  const server = fakeServer({ "GET /api/runs/:id/events": open, "GET /api/changes": open });
  const around: Surroundings = {
    fetch: server.fetch,
    random: () => 0.5,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    awake: () => awake,
    watch(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
  const sleep = (asleep: boolean) => {
    awake = !asleep;
    for (const changed of [...watchers]) changed();
  };
  return { around, streams, afters, waits, sleep, ending: new AbortController(), connection };
}

function delta(seq: number, content: string): string {
  return `id: ${seq}\nevent: message.output.delta\ndata: ${JSON.stringify({ type: "message.output.delta", content })}\n\n`;
}

function last(seq: number, type = "run.stopped"): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ type, by: "person" })}\n\n`;
}

function read({ around, ending }: World, after = 0) {
  const seen: [number, RunEvent][] = [];
  const done = openRun(RUN, after, (event, seq) => seen.push([seq, event]), ending.signal, around);
  return { seen, done, text: () => seen.map(([, event]) => ("content" in event ? event.content : "")).join("") };
}

function opened(at: World, count: number): Promise<Stream> {
  return at.connection(count);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a run is told in order and ends with its last event", async () => {
  const at = world();
  const { seen, done } = read(at);
  const one = await opened(at, 1);
  one.send(delta(1, "Hel") + delta(2, "lo"));
  one.send(last(3));
  await done;
  expect(seen.map(([seq, { type }]) => [seq, type])).toEqual([
    [1, "message.output.delta"],
    [2, "message.output.delta"],
    [3, "run.stopped"],
  ]);
});

test.each(["end", "break"] as const)("a connection that %ss is taken up after the last event", async (how) => {
  const at = world();
  const { done, text } = read(at, 4);
  const one = await opened(at, 1);
  one.send(delta(5, "a") + delta(6, "b"));
  await vi.waitFor(() => expect(text()).toBe("ab"));
  one[how]();
  const two = await opened(at, 2);
  two.send(delta(7, "c") + last(8));
  await done;
  expect(at.afters).toEqual(["4", "6"]);
  expect(text()).toBe("abc");
});

test("a gap ends the stream: the page must load the conversation", async () => {
  const at = world();
  const { seen, done } = read(at, 9);
  (await opened(at, 1)).send('event: run.gap\ndata: {"type":"run.gap"}\n\n');
  await done;
  expect(seen).toEqual([[9, { type: "run.gap" }]]);
});

test("types of a later version are passed on and end nothing", async () => {
  const at = world();
  const { seen, done } = read(at);
  const one = await opened(at, 1);
  one.send('id: 1\ndata: {"type":"tool.execution.started"}\n\n');
  one.send(last(2, "run.cut_off"));
  await done;
  expect(seen).toHaveLength(2);
});

test("a refusal that waiting does not mend is thrown, one that it may is waited for as long as the server says", async () => {
  const gone = world([() => refused(404, "There is no such run.", "not_found")]);
  await expect(read(gone).done).rejects.toMatchObject({ status: 404 });
  const busy = world([
    () => refused(503, "Starting.", "unavailable", {}, { "Retry-After": "7" }),
    () => refused(500, "?"),
  ]);
  const { done } = read(busy);
  (await opened(busy, 1)).send(last(1));
  await done;
  expect(busy.waits[0]).toBe(7_000);
  expect(busy.waits).toHaveLength(2);
});

test("silence means that nobody is there; a comment is enough to be heard", async () => {
  const at = world();
  const { done } = read(at);
  const one = await opened(at, 1);
  await vi.advanceTimersByTimeAsync(SILENCE - 1_000);
  one.send(": here\n\n");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(at.streams).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(SILENCE);
  (await opened(at, 2)).send(last(1));
  await done;
});

test("while nobody looks the stream is let go, and taken up where it was when somebody does", async () => {
  const at = world();
  const { done, text } = read(at);
  const one = await opened(at, 1);
  one.send(delta(1, "a"));
  await vi.waitFor(() => expect(text()).toBe("a"));
  at.sleep(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(at.streams).toHaveLength(1);
  expect(() => one.send(delta(2, "lost"))).toThrow();
  at.sleep(false);
  (await opened(at, 2)).send(delta(2, "b") + last(3));
  await done;
  expect(text()).toBe("ab");
  expect(at.afters).toEqual(["0", "1"]);
});

test("a glance at another tab costs no connection", async () => {
  const at = world();
  const { done, text } = read(at);
  const one = await opened(at, 1);
  at.sleep(true);
  await vi.advanceTimersByTimeAsync(2_000);
  at.sleep(false);
  await vi.advanceTimersByTimeAsync(30_000);
  one.send(delta(1, "a") + last(2));
  await done;
  expect(text()).toBe("a");
});

test("an aborted stream ends quietly, whatever it was doing", async () => {
  const reading = world();
  const first = read(reading);
  await opened(reading, 1);
  reading.ending.abort();
  await first.done;
  const asleep = world();
  asleep.sleep(true);
  const second = read(asleep);
  asleep.ending.abort();
  await second.done;
  expect(asleep.streams).toHaveLength(0);
});

test("an event that cannot be read is asked for once more, then it is a failure", async () => {
  const at = world();
  const { done, text } = read(at);
  const failed = expect(done).rejects.toThrow(SyntaxError);
  (await opened(at, 1)).send(`${delta(1, "a")}id: 2\ndata: {"type":\n\n`);
  const two = await opened(at, 2);
  expect(at.afters).toEqual(["0", "1"]);
  two.send('id: 2\ndata: {"type":\n\n');
  await failed;
  expect(text()).toBe("a");
});

test("a page where a stream should be is not read as one", async () => {
  const at = world([() => new Response("<!doctype html>", { headers: { "Content-Type": "text/html" } })]);
  const { done } = read(at);
  (await opened(at, 1)).send(last(1));
  await done;
  expect(at.waits).toHaveLength(1);
});

const never = (failure: unknown) => expect.unreachable(String(failure));

test.each([403, 404])(
  "the stream of changes is asked for again, slowly, after somebody in between answered %i",
  async (status) => {
    const at = world([() => refused(status, "No."), () => new Response("<h1>No</h1>", { status })]);
    const refusals: unknown[] = [];
    const changes: string[] = [];
    const done = openChanges(
      (change) => changes.push(change.type),
      (failure) => refusals.push(failure),
      at.ending.signal,
      at.around,
    );
    (await opened(at, 1)).send('event: ready\ndata: {"type":"ready"}\n\n');
    await vi.waitFor(() => expect(changes).toEqual(["ready"]));
    expect(refusals).toMatchObject([{ status }, { status }]);
    expect(at.waits.every((pause) => pause >= 30_000)).toBe(true);
    expect(at.waits).toHaveLength(2);
    at.ending.abort();
    await done;
  },
);

test("each connection of the stream of changes says that it begins: what changed before is not told", async () => {
  const at = world();
  const changes: string[] = [];
  const done = openChanges((change) => changes.push(change.type), never, at.ending.signal, at.around);
  const one = await opened(at, 1);
  one.send('event: ready\ndata: {"type":"ready"}\n\n');
  one.send('data: {"type":"conversation.changed","id":"1"}\n\n');
  await vi.waitFor(() => expect(changes).toEqual(["ready", "conversation.changed"]));
  one.break();
  const two = await opened(at, 2);
  two.send('event: ready\ndata: {"type":"ready"}\n\n');
  await vi.waitFor(() => expect(changes).toEqual(["ready", "conversation.changed", "ready"]));
  at.ending.abort();
  await done;
});

test("however a stream is cut and broken, its text is read once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(400), fc.boolean()), { maxLength: 5 }),
      async (texts, breaks) => {
        const at = world();
        const { done, text } = read(at);
        const log = [...texts.map((one, place) => delta(place + 1, one)), last(texts.length + 1)];
        let count = 0;
        for (const [cut, clean] of breaks) {
          const one = await opened(at, ++count);
          const rest = log.slice(Number(at.afters.at(-1))).join("");
          one.send(rest.slice(0, Math.min(cut, rest.length - 3)));
          // The reader takes what was sent before it learns that no more comes.
          await vi.advanceTimersByTimeAsync(0);
          if (clean) one.end();
          else one.break();
        }
        const one = await opened(at, ++count);
        one.send(log.slice(Number(at.afters.at(-1))).join(""));
        await done;
        expect(text()).toBe(texts.join(""));
      },
    ),
    { numRuns: 40 },
  );
});

test("what the server says instead of events is told once it is said again, and the events come when they can", async () => {
  const full = () => refused(507, "The disk is full.", "server_error", { code: "disk_full" });
  const at = world([full, full, full]);
  const told: ApiFailure[] = [];
  let text = "";
  const heard = (event: RunEvent) => {
    if (event.type === "message.output.delta") text += event.content;
  };
  const done = openRun(RUN, 0, heard, at.ending.signal, at.around, (failure) => told.push(failure));
  const one = await opened(at, 1);
  expect(told.map(({ code, status }) => [code, status])).toEqual([
    ["disk_full", 507],
    ["disk_full", 507],
  ]);
  one.send(delta(1, "a"));
  await vi.waitFor(() => expect(text).toBe("a"));
  const error = { object: "error", message: "Full.", type: "server_error", param: null, code: "disk_full" };
  one.send(`event: error\ndata: ${JSON.stringify({ ...error, raw_status_code: 507 })}\n\n`);
  const two = await opened(at, 2); // said once: it may have passed
  expect(told).toHaveLength(2);
  two.send(`event: error\ndata: no JSON\n\n`);
  const three = await opened(at, 3);
  expect(told.at(-1)?.type).toBe("unexplained");
  three.send(delta(2, "b") + last(3));
  await done;
  expect([text, at.afters]).toEqual(["ab", ["0", "0", "0", "0", "1", "1"]]);
});

test("a server's wish to be left alone for hours is not granted", async () => {
  const at = world([() => refused(503, "Busy.", "server_error", {}, { "Retry-After": "86400" })]);
  const { done } = read(at);
  (await opened(at, 1)).send(last(1));
  await done;
  expect(at.waits).toEqual([60_000]);
});

test("that nobody is reached is not told as trouble: the whole page says so", async () => {
  const at = world();
  const told: unknown[] = [];
  const done = openRun(
    RUN,
    0,
    () => {},
    at.ending.signal,
    at.around,
    (failure) => told.push(failure),
  );
  for (let count = 1; count <= 4; count++) (await opened(at, count)).break();
  (await opened(at, 5)).send(last(1));
  await done;
  expect(told).toEqual([]);
});

test("pauses grow, vary, and stay under half a minute", () => {
  fc.assert(
    fc.property(fc.nat(60), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const pause = backOff(failures, random);
      expect(pause).toBeGreaterThanOrEqual(250);
      expect(pause).toBeLessThanOrEqual(30_000);
      expect(backOff(failures + 1, random)).toBeGreaterThanOrEqual(pause);
    }),
  );
});

test("a server that takes connections and says nothing is not asked without pause", async () => {
  const at = world();
  const done = follow(
    { path: () => "/api/changes", after: "", onEvent: () => false, signal: at.ending.signal },
    at.around,
  );
  for (let count = 1; count <= 6; count++) (await opened(at, count)).end();
  await vi.waitFor(() => expect(at.waits.length).toBeGreaterThanOrEqual(6));
  expect(at.waits[5]).toBeGreaterThan(at.waits[0] ?? 0);
  at.ending.abort();
  await done;
});
