/**
 * A conversation in the memory of this page. In: requests as the server takes them. Out: the same answers, made by the public
 * chat API. Nothing is written anywhere; closing the page ends it.
 */

import { createEventParser } from "@/api/event-parser";
import { ApiFailure, failureOf, unreachable } from "@/api/failure";
import type { ContextUse, Conversation, Message, RunEvent } from "@/api/types";
import type { Snapshot } from "./merge";
import { failedBy } from "./reducer";
import { optimistic, type Send } from "./send";
import { chatRequest, createChatReader } from "./temporary";
import { type Count, contextOf } from "./temporary-context";
import type { Beginning, Transport } from "./transport";

interface Log {
  message: string;
  events: RunEvent[];
  ended: boolean;
  end: AbortController;
  heard: Set<() => void>;
}

/** Events after which others come. */
const GOING_ON: ReadonlySet<RunEvent["type"]> = new Set([
  "conversation.response.started",
  "message.thought.delta",
  "message.output.delta",
]);

/** As the server has it (settings.py): of a model that is asked with 0, another answer would be the same again. */
const WARMER = 0.7;

export interface MemoryParts {
  /** Opens the stream of POST /v1/chat/completions. */
  ask: (body: unknown, signal: AbortSignal) => Promise<Response>;
  /** What a model is sent of messages: POST /api/context. */
  count: Count;
  /**
   * The model must have a name here: the public API has no default. `served_by` and `left`: its card's, empty for this server.
   * `temperature`: what it is asked with where the settings say none.
   */
  beginning: () => Promise<Beginning & { served_by?: string; left?: readonly string[]; temperature?: number | null }>;
  now?: () => string;
}

export function memoryTransport(parts: MemoryParts): Transport {
  const { ask, count, beginning, now = () => new Date().toISOString() } = parts;
  const messages = new Map<string, Message>();
  const logs = new Map<string, Log>();

  function pathTo(id: string | null): Message[] {
    const path: Message[] = [];
    for (let at = id ? messages.get(id) : undefined; at; at = at.parent ? messages.get(at.parent) : undefined)
      path.push(at);
    return path.reverse();
  }

  function tell(run: string, event: RunEvent): void {
    const log = logs.get(run);
    if (!log || log.ended) return;
    log.events.push(event);
    log.ended = !GOING_ON.has(event.type);
    const message = messages.get(log.message);
    if (message) messages.set(message.id, after(message, event));
    for (const heard of log.heard) heard();
  }

  /** The answer that a question hangs under, while it is being made. It may be another after one was taken back. */
  function blocker(run: string): Log | null {
    const message = messages.get(logs.get(run)?.message ?? "");
    const before = messages.get(messages.get(message?.parent ?? "")?.parent ?? "");
    const log = before?.run ? logs.get(before.run) : undefined;
    return log && !log.ended ? log : null;
  }

  /** Whether a model has answered the same question before. */
  function isBeside(message: Message, model: string): boolean {
    for (const one of messages.values()) {
      if (one.id === message.id) return false; // what comes behind it was made later
      if (one.parent === message.parent && one.content !== "" && one.model === model) return true;
    }
    return false;
  }

  /** As the server does it: a question without another answer goes with the one that it waits for. */
  function withdraw(run: string): string[] {
    const made = messages.get(logs.get(run)?.message ?? "");
    if (!made?.parent || made.content !== "" || blocker(run) === null) return [];
    const under = [...messages.values()].filter((one) => one.parent === made.id);
    const beside = [...messages.values()].some((one) => one.parent === made.parent && one.id !== made.id);
    if (beside && under.length > 0) return [];
    const up = messages.get(made.parent)?.parent ?? null;
    for (const one of under) messages.set(one.id, { ...one, parent: up });
    const gone = beside ? [made.id] : [made.parent, made.id];
    for (const id of gone) messages.delete(id);
    return gone;
  }

  async function stop(run: string): Promise<void> {
    tell(run, { type: "run.stopped", by: "person" });
    logs.get(run)?.end.abort();
  }

  async function answer(run: string): Promise<void> {
    const log = logs.get(run);
    const message = log && messages.get(log.message);
    if (!log || !message) return;
    try {
      for (let before = blocker(run); before; before = blocker(run)) await ending(before);
      if (log.ended) return;
      const { served_by = "", left = [], temperature = null, ...begun } = await beginning();
      const continuing = message.content !== "";
      const path = pathTo(continuing ? message.id : message.parent);
      const use = await contextOf(path, begun, count, log.end.signal, continuing);
      tell(run, startedBy(message.id, begun.model, served_by, use)); // before anything is sent elsewhere
      const reader = createChatReader({ content: message.content, thought: use.thoughts ? message.thought : "" });
      const sent = path.filter(({ id }) => !use.dropped.includes(id));
      const warmer = temperature === 0 && isBeside(message, begun.model) ? { temperature: WARMER } : {};
      const settings = { ...warmer, ...begun.settings };
      const response = await ask(chatRequest(sent, begun.model, settings, use), log.end.signal);
      if (!response.ok) throw await failureOf(response);
      for await (const data of dataOf(response))
        for (const event of reader.read(data)) tell(run, whole(message, event, left));
      for (const event of reader.end()) tell(run, whole(message, event, left));
    } catch (failure) {
      tell(run, failing(failure));
    }
  }

  function snapshot(some: readonly Message[], runs: Conversation["runs"], whole: boolean): Snapshot {
    return { whole, messages: some, runs, leaf: null };
  }

  return {
    kept: false,
    async send(send: Send) {
      const made = optimistic(send, now());
      const waiting = made.at(-1);
      if (!waiting?.run) throw new Error("A request makes an answer.");
      for (const message of made) messages.set(message.id, message);
      logs.set(waiting.run, {
        message: waiting.id,
        events: [],
        ended: false,
        end: new AbortController(),
        heard: new Set(),
      });
      void answer(waiting.run);
      return snapshot(made, [{ id: waiting.run, message: waiting.id, state: "waiting", seq: 0 }], false);
    },
    stop,
    async withdraw(run) {
      const gone = withdraw(run);
      await stop(run);
      return gone;
    },
    follow(run, from, onEvent, signal) {
      return new Promise((resolve) => {
        const log = logs.get(run);
        let seq = from;
        const heard = (): void => {
          for (; log && seq < log.events.length && !signal.aborted; seq++) {
            const event = log.events[seq];
            if (event) onEvent(event, seq + 1);
          }
          if (!log || log.ended || signal.aborted) {
            log?.heard.delete(heard);
            resolve();
          }
        };
        log?.heard.add(heard);
        signal.addEventListener("abort", heard);
        heard();
      });
    },
    async reload() {
      const active = [...logs].filter(([, log]) => !log.ended);
      const runs = active.map(([id, log]) => ({
        id,
        message: log.message,
        state: "running" as const,
        seq: log.events.length,
      }));
      return snapshot([...messages.values()], runs, true);
    },
    async show() {},
  };
}

/** What the memory keeps of an event: the text and state that later questions are asked with. */
function after(message: Message, event: RunEvent): Message {
  switch (event.type) {
    case "message.thought.delta":
      return {
        ...message,
        state: "running",
        thought: message.thought + event.content,
        thought_seconds: event.seconds,
      };
    case "message.output.delta":
      return { ...message, state: "running", content: message.content + event.content };
    case "conversation.response.started":
      return { ...message, state: "running", model: event.model, served_by: event.served_by };
    case "conversation.response.done":
      return { ...message, state: "done", finish: event.finish };
    case "conversation.response.error":
      return { ...message, ...failedBy(event) };
    default:
      return { ...message, state: event.type === "run.stopped" ? "stopped" : "cut_off" };
  }
}

/** The end of an answer says what all of it took, also the parts that it went on from. */
function whole(before: Message, event: RunEvent, left: readonly string[]): RunEvent {
  if (event.type !== "conversation.response.done") return event;
  if (before.content === "") return { ...event, left: [...left] };
  const { usage, seconds, first_token_seconds: first } = event;
  return {
    ...event,
    left: [...left],
    usage: { ...usage, completion_tokens: before.completion_tokens + usage.completion_tokens },
    seconds: before.seconds + seconds,
    first_token_seconds: before.first_token_seconds + first,
  };
}

function failing(failure: unknown): RunEvent {
  const type = "conversation.response.error";
  if (!(failure instanceof ApiFailure)) return { type, message: String(failure), code: "page" };
  const { reason } = failure;
  const why = reason === null ? {} : { reason: reason.name, values: reason.values };
  return { type, message: failure.message, code: failure.code ?? failure.type, ...why };
}

function startedBy(message: string, model: string, servedBy: string, use: ContextUse): RunEvent {
  return {
    type: "conversation.response.started",
    conversation_id: "",
    message_id: message,
    model,
    served_by: servedBy,
    sent_from: use.sent_from,
    dropped: use.dropped.length,
    prompt_tokens: use.used,
    completion_tokens: 0,
  };
}

/** Ends when the run in front has ended, however. */
function ending(log: Log): Promise<void> {
  return new Promise((resolve) => {
    const heard = (): void => {
      if (!log.ended) return;
      log.heard.delete(heard);
      resolve();
    };
    log.heard.add(heard);
  });
}

async function* dataOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) throw unreachable(null);
  const parser = createEventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const { data } of parser.push(value)) yield data;
  }
}
