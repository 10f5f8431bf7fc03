/**
 * A chat that leaves no trace. In: the path of a conversation, and the public chat stream. Out: a request, and run events.
 *
 * The same reducer reads both houses, so the pieces of the public API are translated into the events of a run.
 */
import { type Reason, reasonOf } from "@/api/failure";
import type { ChatCompletionRequest } from "@/api/schema";
import type { ContextUse, Message, RunEvent, Sampling } from "@/api/types";
import { isPicture, isSound } from "./attachments";

type Taken = Pick<ContextUse, "images" | "sounds">;
type Thinking = { type: "thinking"; thinking: { type: "text"; text: string }[]; closed: true };
type Part =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: string }
  | { type: "input_audio"; input_audio: string };

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string | Part[] }
  | { role: "assistant"; content: string | (Thinking | Part)[]; prefix?: true };

/**
 * The body of POST /v1/chat/completions. `path` ends with a question, or with an answer to go on with.
 * Failed and empty answers are left out: they say nothing, and the API refuses empty ones. The questions around one are
 * then said together, since templates want turns. `taken`: how many pictures and sounds the model takes, the last ones. Of the
 * question itself all are sent: where they are too many, that is for the server to say. What was thought before is sent where the
 * model is asked with it (`thoughts`).
 */
export function chatRequest(
  path: readonly Message[],
  model: string,
  settings: Sampling,
  taken: Taken & Pick<ContextUse, "thoughts">,
): ChatCompletionRequest {
  const { system, ...sampling } = settings;
  const messages: ChatMessage[] = system ? [{ role: "system", content: system }] : [];
  const shared = shares(path, taken);
  path.forEach((message, index) => {
    const last = index === path.length - 1;
    const before = messages.at(-1);
    if (message.role === "user") {
      const content = withAttachments(message, shared.get(message) ?? taken);
      if (before?.role === "user") before.content = joined(before.content, content);
      else messages.push({ role: "user", content });
    } else if (message.content !== "") {
      const content = taken.thoughts ? withThought(message) : message.content;
      messages.push({ role: "assistant", content, ...(last ? { prefix: true as const } : {}) });
    }
  });
  return { model, messages, stream: true, ...sampling };
}

/** How many of its pictures and sounds each message shows: the last ones of all, and of the question every one. */
function shares(path: readonly Message[], taken: Taken): ReadonlyMap<Message, Taken> {
  const question = path.findLast(({ role }) => role === "user");
  const shared = new Map<Message, Taken>();
  let { images, sounds } = taken;
  for (const message of path.toReversed()) {
    const pictures = message.attachments.filter(isPicture).length;
    const recorded = message.attachments.filter(isSound).length;
    const all = message === question;
    const share = {
      images: all ? pictures : Math.min(pictures, images),
      sounds: all ? recorded : Math.min(recorded, sounds),
    };
    shared.set(message, share);
    images = Math.max(0, images - share.images);
    sounds = Math.max(0, sounds - share.sounds);
  }
  return shared;
}

/** As the server does for conversations that it keeps: files first, each under its name. */
function withAttachments({ content, attachments }: Message, share: Taken): string | Part[] {
  const pictures = attachments.filter(isPicture);
  const sounds = attachments.filter(isSound);
  const unseen = pictures.splice(0, pictures.length - share.images);
  const unheard = sounds.splice(0, sounds.length - share.sounds);
  const files = attachments.filter((file) => !isPicture(file) && !isSound(file));
  const words = [
    ...files.map(({ name, text }) => `File ${name}:\n${text}`),
    ...unseen.map(({ name }) => `Image ${name}: not shown.`),
    ...unheard.map(({ name }) => `Sound ${name}: not heard.`),
    content,
  ];
  const said = words.filter((part) => part !== "").join("\n\n");
  const shown = pictures.map(({ text }): Part => ({ type: "image_url", image_url: text }));
  const heard = sounds.map(({ text }): Part => ({ type: "input_audio", input_audio: text }));
  return shown.length + heard.length === 0 ? said : [...shown, ...heard, ...parts(said)];
}

function withThought({ thought, content }: Message): string | (Thinking | Part)[] {
  if (thought === "") return content;
  return [
    { type: "thinking", thinking: [{ type: "text", text: thought }], closed: true },
    { type: "text", text: content },
  ];
}

function joined(first: string | Part[], second: string | Part[]): string | Part[] {
  if (typeof first === "string" && typeof second === "string") return `${first}\n\n${second}`;
  return [...parts(first), ...parts(second)];
}

function parts(content: string | Part[]): Part[] {
  if (typeof content !== "string") return content;
  return content === "" ? [] : [{ type: "text", text: content }];
}

export interface ChatReader {
  /** The events that one `data:` of the stream stands for; [] for the final "[DONE]". */
  read(data: string): RunEvent[];
  /** The stream is over: the event that ends the run if none did. */
  end(): RunEvent[];
}

/**
 * Reads one answer. `before`: what it goes on from, which is on the page already and which this server repeats.
 * `clock`: milliseconds. An error in the stream ends the run as failed; what was written stays.
 */
export function createChatReader(
  before: Pick<Message, "content" | "thought">,
  clock: () => number = () => performance.now(),
): ChatReader {
  const began = clock();
  const texts = unrepeated(before.content);
  const thoughts = unrepeated(before.thought);
  let first = 0;
  let over = false;

  function thought(text: string): RunEvent[] {
    if (text === "") return [];
    first ||= clock();
    return [{ type: "message.thought.delta", content: text, seconds: (clock() - first) / 1000 }];
  }

  function said(text: string): RunEvent[] {
    if (text === "") return [];
    first ||= clock();
    return [{ type: "message.output.delta", content: text }];
  }

  /** It was no repetition after all: what was held back, then how it ends. */
  function ended(end: RunEvent): RunEvent[] {
    over = true;
    return [...thought(thoughts.end()), ...said(texts.end()), end];
  }

  function failed(message: string, code: string, reason: Reason | null = null): RunEvent[] {
    const why = reason === null ? {} : { reason: reason.name, values: reason.values };
    return ended({ type: "conversation.response.error", message, code, ...why });
  }

  return {
    read(data) {
      if (over || data === "[DONE]") return [];
      const chunk = parse(data);
      if (chunk === null) return failed("The stream could not be read.", "unreadable");
      if (chunk.object === "error")
        return failed(String(chunk.message ?? ""), chunk.code ?? chunk.type ?? "server_error", reasonOf(chunk));
      const choice = chunk.choices?.[0];
      const events = [
        ...thought(thoughts.push(thoughtOf(choice?.delta))),
        ...said(texts.push(textOf(choice?.delta?.content))),
      ];
      const finish = choice?.finish_reason;
      if (finish === "error") return [...events, ...failed("The engine gave the answer up.", "engine_error")];
      if (!finish) return events;
      const firstSeconds = first ? (first - began) / 1000 : 0;
      return [...events, ...ended(doneEvent(finish, chunk.usage, (clock() - began) / 1000, firstSeconds))];
    },
    end: () => (over ? [] : ended({ type: "run.cut_off" })),
  };
}

/** Takes a text off the start of what comes. Not every server repeats, so what may be a repetition is held back until that is known. */
function unrepeated(repeated: string): { push: (text: string) => string; end: () => string } {
  let held = "";
  return {
    push(text) {
      if (repeated === "") return text;
      held += text;
      if (held !== repeated && repeated.startsWith(held)) return "";
      const shown = held.startsWith(repeated) ? held.slice(repeated.length) : held;
      repeated = "";
      held = "";
      return shown;
    },
    end() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

interface Delta {
  content?: unknown;
  /** What other servers than Mistral's call it. */
  reasoning_content?: unknown;
  reasoning?: unknown;
}

interface Chunk {
  object?: string;
  message?: string;
  code?: string | null;
  type?: string;
  reason?: string | null;
  values?: Reason["values"] | null;
  choices?: { delta?: Delta; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; prompt_tokens_details?: { cached_tokens?: number } };
}

/** A text, or Mistral's list of chunks, of which reasoning and whatever else is no text are left out. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === "string" ? part.text : "")).join("");
}

/** What a model thinks: in chunks of the content, or beside it. */
function thoughtOf(delta: Delta | undefined): string {
  const beside = delta?.reasoning_content ?? delta?.reasoning;
  const chunks: unknown[] = Array.isArray(delta?.content) ? delta.content : [];
  const within = chunks.map((chunk) => textOf((chunk as { thinking?: unknown } | null)?.thinking));
  return [...within, typeof beside === "string" ? beside : ""].join("");
}

function doneEvent(finish: string, usage: Chunk["usage"], seconds: number, first: number): RunEvent {
  return {
    type: "conversation.response.done",
    finish: finish === "length" || finish === "model_length" ? finish : "stop",
    usage: {
      prompt_tokens: usage?.prompt_tokens ?? 0,
      completion_tokens: usage?.completion_tokens ?? 0,
      cached_tokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    },
    seconds,
    first_token_seconds: first,
    left: [],
  };
}

function parse(data: string): Chunk | null {
  try {
    const value: unknown = JSON.parse(data);
    // The public chunk, every field of which is optional here.
    return typeof value === "object" && value !== null ? (value as Chunk) : null;
  } catch {
    return null;
  }
}
