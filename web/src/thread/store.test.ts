import { describe, expect, it } from "vitest";
import { ApiFailure, unreachable } from "@/api/failure";
import type { Message } from "@/api/types";
import { memoryTransport } from "./memory-transport";
import { runOf } from "./send";
import { createStore } from "./store";
import type { Transport } from "./transport";
import { stoppable, type ThreadStore } from "./view";

/** An engine whose answers are written by the test, piece by piece. */
function engine() {
  const asked: { body: unknown; signal: AbortSignal; write: (text: string) => void; end: () => void }[] = [];
  const encoder = new TextEncoder();
  const ask = async (body: unknown, signal: AbortSignal): Promise<Response> => {
    let out: ReadableStreamDefaultController<Uint8Array> | null = null;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        out = controller;
        signal.addEventListener("abort", () => controller.error(new DOMException("stopped", "AbortError")));
      },
    });
    const send = (chunk: unknown): void => out?.enqueue(encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
    asked.push({
      body,
      signal,
      write: (text) => send({ choices: [{ delta: { content: text }, finish_reason: null }] }),
      end: () => {
        send({ choices: [{ delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 2 } });
        out?.close();
      },
    });
    return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
  };
  const count = async () => ({
    limit: 8192,
    used: 1,
    sent_from: null,
    dropped: [],
    images: 0,
    sounds: 0,
    thoughts: false,
  });
  return { ask, count, asked };
}

/** A frame as soon as what runs now is done. */
function schedule(work: () => void): () => void {
  let due = true;
  queueMicrotask(() => due && work());
  return () => {
    due = false;
  };
}

/** The house in memory, where the next calls may be made to fail as a network or a server would. */
function house() {
  const { ask, count, asked } = engine();
  const inner = memoryTransport({ ask, count, beginning: async () => ({ model: "small", settings: {} }) });
  const failures: unknown[] = [];
  let sends = 0;
  const transport: Transport = {
    ...inner,
    async send(send) {
      sends += 1;
      const failure = failures.shift();
      if (failure) throw failure;
      return inner.send(send);
    },
  };
  const store = createStore({ id: "c", transport, exists: false, schedule, pause: async () => {} });
  store.open();
  return { store, asked, failures, sends: () => sends };
}

/** Ends when the view is as wanted; a test that waits in vain ends by vitest's limit. */
function until(store: ThreadStore, wanted: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!wanted()) return;
      leave();
      resolve();
    };
    const leave = store.subscribe(look);
    look();
  });
}
const last = (store: ThreadStore): Message | undefined =>
  store.view().thread.messages.get(store.view().thread.leaf ?? "");
const typed = (text: string) => ({ text, attachments: [] });
const asks = (asked: unknown[], count: number) => () => asked.length >= count;

async function eventually(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("a thread", () => {
  it("shows the question at once, then the answer as it grows", async () => {
    const { store, asked } = house();
    store.send(typed("hello"));
    expect(store.view().thread.path).toHaveLength(2);
    await eventually(asks(asked, 1));
    asked[0]?.write("Good ");
    asked[0]?.write("day");
    await until(store, () => last(store)?.content === "Good day");
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(store.view().exists).toBe(true);
    expect(stoppable(store.view())).toBeNull();
  });

  it("lets a message wait its turn while it answers", async () => {
    const { store, asked } = house();
    store.send(typed("one"));
    store.send(typed("two"));
    await eventually(asks(asked, 1));
    expect(store.view().thread.path).toHaveLength(4);
    asked[0]?.write("first");
    asked[0]?.end();
    await eventually(asks(asked, 2));
    asked[1]?.write("second");
    asked[1]?.end();
    await until(store, () => last(store)?.state === "done");
    const { thread } = store.view();
    expect(thread.path.map((id) => thread.messages.get(id)?.content)).toEqual(["one", "first", "two", "second"]);
  });

  it("takes back a message that waits its turn, and gives what was typed; what was typed under it moves up", async () => {
    const { store, asked } = house();
    store.send(typed("one"));
    store.send(typed("two"));
    store.send(typed("three"));
    await eventually(asks(asked, 1));
    asked[0]?.write("first");
    await until(store, () => store.view().queue.length === 0);
    const waits = store.view().thread.path[3] ?? "";
    expect(await store.withdraw(store.view().thread.messages.get(waits)?.run ?? "")).toEqual(typed("two"));
    const words = () => store.view().thread.path.map((id) => store.view().thread.messages.get(id)?.content);
    expect(words()).toEqual(["one", "first", "three", ""]);
    asked[0]?.end();
    await eventually(asks(asked, 2));
    expect(asked[1]?.body).toMatchObject({
      messages: [{ content: "one" }, { content: "first" }, { content: "three" }],
    });
    asked[1]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(words()).toEqual(["one", "first", "three", ""]);
  });

  it("takes back a message that is still on its way once it has arrived", async () => {
    const { store, asked } = house();
    store.send(typed("one"));
    const two = store.send(typed("two"));
    const back = store.withdraw(runOf(two));
    expect(await back).toEqual(typed("two"));
    expect(store.view().thread.path).toHaveLength(2);
    await eventually(asks(asked, 1));
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(asked).toHaveLength(1);
  });

  it("stops one that is being answered already, where somebody wants to take it back", async () => {
    const { store, asked } = house();
    const one = store.send(typed("one"));
    await eventually(asks(asked, 1));
    asked[0]?.write("first");
    await until(store, () => last(store)?.content === "first");
    expect(await store.withdraw(runOf(one))).toBeNull();
    await until(store, () => last(store)?.state === "stopped");
    expect(store.view().thread.path).toHaveLength(2);
  });

  it("says of an answer that went on what all of it took", async () => {
    const { store, asked } = house();
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    asked[0]?.write("Half an ");
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    const half = last(store);
    if (half) store.goOn(half);
    await eventually(asks(asked, 2));
    asked[1]?.write("hour.");
    asked[1]?.end();
    await until(store, () => last(store)?.state === "done" && last(store)?.content === "Half an hour.");
    expect(last(store)?.completion_tokens).toBe(4);
    expect(last(store)?.seconds).toBeGreaterThan(half?.seconds ?? 0);
  });

  it("stops with what was written kept, and goes on from there", async () => {
    const { store, asked } = house();
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    asked[0]?.write("Half an ");
    await until(store, () => last(store)?.content === "Half an ");
    store.stop(last(store)?.run ?? "");
    await until(store, () => last(store)?.state === "stopped");
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(store.view().stopping.size).toBe(0);
    const stopped = last(store);
    if (stopped) store.goOn(stopped);
    await eventually(asks(asked, 2));
    asked[1]?.write("Half an ");
    asked[1]?.write("hour.");
    asked[1]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(last(store)?.content).toBe("Half an hour.");
  });

  it("says what keeps its answer from coming, until it comes", async () => {
    const { ask, count, asked } = engine();
    const inner = memoryTransport({ ask, count, beginning: async () => ({ model: "small", settings: {} }) });
    let tell = (_: ApiFailure): void => {};
    const transport: Transport = {
      ...inner,
      follow(...given) {
        tell = given[4];
        return inner.follow(...given);
      },
    };
    const store = createStore({ id: "c", transport, exists: false, schedule, pause: async () => {} });
    store.open();
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    const full = new ApiFailure("The disk is full.", 507, "server_error", "disk_full");
    tell(full);
    expect(store.view().trouble).toBe(full);
    asked[0]?.write("Good day");
    await until(store, () => last(store)?.content === "Good day");
    expect(store.view().trouble).toBeNull();
  });

  it("stops one that was still on its way once it has arrived", async () => {
    const { store } = house();
    store.send(typed("hello"));
    store.stop(last(store)?.run ?? "");
    await until(store, () => last(store)?.state === "stopped");
  });

  it("answers one that could not be sent, and that the person sends after all, though it had been stopped", async () => {
    const { store, asked, failures } = house();
    failures.push(new ApiFailure("busy", 400, "invalid"));
    store.send(typed("hello"));
    store.stop(last(store)?.run ?? "");
    await until(store, () => store.view().queue[0]?.state === "failed");
    store.retry(store.view().queue[0]?.id ?? "");
    await eventually(asks(asked, 1));
    asked[0]?.write("Good day");
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(last(store)?.content).toBe("Good day");
  });

  it("sends again by itself what a network lost, with the same ids", async () => {
    const { store, asked, failures, sends } = house();
    failures.push(unreachable(null), unreachable(null));
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    expect(sends()).toBe(3);
    expect(store.view().thread.messages.size).toBe(2);
  });

  it("says so when a message was refused, and gives it back when it is undone", async () => {
    const { store, failures, sends } = house();
    failures.push(new ApiFailure("too large", 413, "invalid"));
    store.send(typed("hello"));
    await until(store, () => store.view().queue[0]?.state === "failed");
    expect(sends()).toBe(1);
    expect(store.undo(store.view().queue[0]?.id ?? "")).toMatchObject({ message: { content: "hello" } });
    expect(store.view().thread.path).toEqual([]);
    expect(store.view().queue).toEqual([]);
  });

  it("sends what failed once the server is reached again, but not what was refused", async () => {
    const { store, asked, failures } = house();
    failures.push(...Array.from({ length: 4 }, () => unreachable(null)));
    store.send(typed("hello"));
    await until(store, () => store.view().queue[0]?.state === "failed");
    store.reached();
    await eventually(asks(asked, 1));
    failures.push(new ApiFailure("no", 400, "invalid"));
    store.send(typed("again"));
    await until(store, () => store.view().queue[0]?.state === "failed");
    store.reached();
    expect(store.view().queue[0]?.state).toBe("failed");
  });

  it("keeps each version of a question and of an answer", async () => {
    const { store, asked } = house();
    store.send(typed("one"));
    await eventually(asks(asked, 1));
    asked[0]?.write("first");
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    const first = last(store);
    if (first) store.regenerate(first);
    await eventually(asks(asked, 2));
    asked[1]?.write("other");
    asked[1]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(last(store)?.content).toBe("other");
    store.send(typed("edited"), null);
    expect(store.view().thread.path).toHaveLength(2);
    store.show(first?.id ?? "");
    expect(last(store)?.content).toBe("first");
    expect(store.view().thread.messages.size).toBe(5);
  });

  it("says of a temporary answer, before it is asked for, which server makes it", async () => {
    const { ask, count, asked } = engine();
    const beginning = async () => ({
      model: "large",
      settings: {},
      served_by: "api.example",
      left: ["b.example", "api.example"],
    });
    const store = createStore({
      id: "c",
      transport: memoryTransport({ ask, count, beginning }),
      exists: true,
      schedule,
    });
    store.open();
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    await until(store, () => last(store)?.served_by === "api.example");
    asked[0]?.write("a");
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(last(store)).toMatchObject({ content: "a", served_by: "api.example", left: ["b.example", "api.example"] });
  });

  it("counts a host whose picture a temporary answer showed, also while it is written", async () => {
    const { ask, count, asked } = engine();
    const transport = memoryTransport({ ask, count, beginning: async () => ({ model: "small", settings: {} }) });
    const store = createStore({ id: "c", transport, exists: true, schedule });
    store.open();
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    asked[0]?.write("a");
    await until(store, () => last(store)?.content === "a");
    for (const _ of [1, 2]) store.told(last(store)?.id ?? "", "pictures.example");
    store.told("nothing", "pictures.example");
    asked[0]?.end();
    await until(store, () => last(store)?.state === "done");
    expect(last(store)?.left).toEqual(["pictures.example"]);
  });

  it("takes up an answer where it was after nobody looked", async () => {
    const { ask, count, asked } = engine();
    const transport = memoryTransport({ ask, count, beginning: async () => ({ model: "small", settings: {} }) });
    const store = createStore({ id: "c", transport, exists: true, schedule });
    const leave = store.open();
    store.send(typed("hello"));
    await eventually(asks(asked, 1));
    asked[0]?.write("a");
    await until(store, () => last(store)?.content === "a");
    leave();
    asked[0]?.write("b");
    asked[0]?.end();
    store.open();
    await until(store, () => last(store)?.state === "done");
    expect(last(store)?.content).toBe("ab");
  });
});
