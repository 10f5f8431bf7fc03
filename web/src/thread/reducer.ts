/**
 * Events of runs and answers of the server come in; the next thread goes out. Pure: the same log gives the same text.
 *
 * Whatever is repeated, late or missing, text stands once and in order: an event counts only when it is the next of its
 * run; an older one is passed over, and one too many asks for the conversation to be loaded again.
 */
import type { Message, RunEvent } from "@/api/types";
import { mergeSnapshot, type Snapshot, toldAlso } from "./merge";
import { type Run, type Thread, withLeaf, withMessages } from "./state";

export interface Numbered {
  seq: number;
  event: RunEvent;
}

export type Action =
  /** Events of one run, folded together: one new state for a whole frame. */
  | { type: "events"; run: string; events: readonly Numbered[] }
  /** The server said what stands: the whole conversation, or the parts that a call began. */
  | { type: "loaded"; snapshot: Snapshot }
  /** Shown before the server knows it. */
  | { type: "began"; messages: readonly Message[]; run: string; answer: string }
  /** A call failed for good and is taken back: `gone` disappear, `restored` are as they were before. */
  | { type: "undone"; gone: readonly string[]; restored: readonly Message[]; run: string }
  /** The server says that these were taken back. */
  | { type: "withdrawn"; gone: readonly string[] }
  | { type: "told"; message: string; host: string }
  | { type: "show"; message: string };

export function reduce(thread: Thread, action: Action): Thread {
  switch (action.type) {
    case "events":
      return applyEvents(thread, action.run, action.events);
    case "loaded":
      return mergeSnapshot(withdraw(thread, action.snapshot.withdrawn), action.snapshot);
    case "began":
      return begin(thread, action);
    case "undone":
      return undo(thread, action);
    case "withdrawn":
      return withdraw(thread, action.gone);
    case "told":
      return told(thread, action.message, action.host);
    case "show":
      return withLeaf(thread, action.message);
  }
}

function applyEvents(thread: Thread, id: string, events: readonly Numbered[]): Thread {
  const before = thread.runs.get(id);
  const old = before ? thread.messages.get(before.message) : undefined;
  if (!before || !old || old.run !== id) return thread;
  let run: Run = before;
  let message: Message = old;
  for (const { seq, event } of events) {
    if (run.ended || run.gap) break;
    if (event.type === "run.gap") {
      run = { ...run, gap: true };
      break;
    }
    if (!(seq > run.seq)) continue;
    if (seq !== run.seq + 1) {
      run = { ...run, gap: true };
      break;
    }
    message = tell(message, event);
    run = { ...run, seq, confirmed: true, ended: isTerminal(event) };
  }
  if (run === before) return thread;
  const runs = new Map(thread.runs).set(id, run);
  if (message === old) return { ...thread, runs };
  return { ...thread, runs, messages: new Map(thread.messages).set(message.id, message) };
}

/** What one event says about the message it belongs to. */
function tell(message: Message, event: RunEvent): Message {
  switch (event.type) {
    case "conversation.response.started":
      return {
        ...message,
        state: "running",
        model: event.model,
        served_by: event.served_by,
        prompt_tokens: event.prompt_tokens,
        // An answer that begins anew thinks anew.
        ...(message.content === "" ? { thought: "", thought_seconds: 0 } : {}),
      };
    case "message.thought.delta":
      return {
        ...message,
        state: "running",
        thought: message.thought + event.content,
        thought_seconds: event.seconds,
      };
    case "message.output.delta":
      return { ...message, state: "running", content: message.content + event.content };
    case "conversation.response.done":
      return {
        ...toldAlso(message, event.left), // pictures may have been asked for meanwhile
        state: "done",
        finish: event.finish,
        error: null,
        error_code: null,
        error_reason: null,
        error_values: {},
        prompt_tokens: event.usage.prompt_tokens,
        completion_tokens: event.usage.completion_tokens,
        seconds: event.seconds,
        first_token_seconds: event.first_token_seconds,
      };
    case "conversation.response.error":
      return { ...message, ...failedBy(event) };
    case "run.stopped":
      return { ...message, state: "stopped" };
    case "run.cut_off":
      return { ...message, state: "cut_off" };
    default:
      return message; // a later version's event: its number counts, its content does not concern this page
  }
}

/** What an answer keeps of how it failed. */
export function failedBy({
  message,
  code,
  reason,
  values,
}: Extract<RunEvent, { type: "conversation.response.error" }>) {
  const why = { error_reason: reason ?? null, error_values: values ?? {} };
  return { state: "failed", error: message, error_code: code, ...why } as const;
}

function isTerminal(event: RunEvent): boolean {
  return (
    event.type === "conversation.response.done" ||
    event.type === "conversation.response.error" ||
    event.type === "run.stopped" ||
    event.type === "run.cut_off"
  );
}

function begin(thread: Thread, { messages, run, answer }: Extract<Action, { type: "began" }>): Thread {
  const all = new Map(thread.messages);
  for (const message of messages) all.set(message.id, message);
  const runs = new Map(thread.runs);
  if (!runs.has(run)) runs.set(run, { id: run, message: answer, seq: 0, ended: false, confirmed: false, gap: false });
  return withMessages({ ...thread, runs }, all, answer);
}

function told(thread: Thread, id: string, host: string): Thread {
  const before = thread.messages.get(id);
  if (!before) return thread;
  const message = toldAlso(before, [host]);
  return message === before ? thread : { ...thread, messages: new Map(thread.messages).set(id, message) };
}

function withdraw(thread: Thread, all: readonly string[] = []): Thread {
  const gone = all.filter((id) => !thread.withdrawn.has(id));
  if (gone.length === 0) return thread;
  return without({ ...thread, withdrawn: new Set([...thread.withdrawn, ...gone]) }, gone);
}

/** One that may have arrived all the same comes back when the server says so. */
function undo(thread: Thread, { gone, restored, run }: Extract<Action, { type: "undone" }>): Thread {
  const runs = new Map(thread.runs);
  runs.delete(run);
  return without({ ...thread, runs }, gone, restored);
}

/** The message that stands above one, once some are gone. */
export function above(thread: Thread, id: string | null, gone: readonly string[]): string | null {
  let at = id;
  while (at !== null && gone.includes(at)) at = thread.messages.get(at)?.parent ?? null;
  return at;
}

function without(thread: Thread, gone: readonly string[], restored: readonly Message[] = []): Thread {
  const runs = new Map(thread.runs);
  for (const [id, { message }] of runs) if (gone.includes(message)) runs.delete(id);
  const all = new Map<string, Message>();
  for (const [id, message] of thread.messages) {
    if (gone.includes(id)) continue;
    const parent = above(thread, message.parent, gone);
    all.set(id, parent === message.parent ? message : { ...message, parent });
  }
  for (const message of restored) all.set(message.id, message);
  return withMessages({ ...thread, runs }, all, above(thread, thread.leaf, gone));
}
