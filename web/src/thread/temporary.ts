/**
 * A chat that leaves no trace. In: the path of a conversation, and the public chat stream. Out: a request, and run events.
 *
 * The same reducer reads both houses, so the pieces of the public API are translated into the events of a run.
 */
import type { ChatCompletionRequest } from "@/api/schema";
import type { Message, RunEvent, Sampling } from "@/api/types";
import { isPicture, isSound } from "./attachments";

type Part =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: string }
  | { type: "input_audio"; input_audio: string };

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string | Part[] }
  | { role: "assistant"; content: string; prefix?: true };

/**
 * The body of POST /v1/chat/completions. `path` ends with a question, or with an answer to go on with.
 * Failed and empty answers are left out: they say nothing, and the API refuses empty ones. The questions around one are
 * then said together, since templates want turns.
 */
export function chatRequest(path: readonly Message[], model: string, settings: Sampling): ChatCompletionRequest {
  const { system, ...sampling } = settings;
  const messages: ChatMessage[] = system ? [{ role: "system", content: system }] : [];
  path.forEach((message, index) => {
    const last = index === path.length - 1;
    const before = messages.at(-1);
    if (message.role === "user") {
      const content = withAttachments(message);
      if (before?.role === "user") before.content = joined(before.content, content);
      else messages.push({ role: "user", content });
    } else if (message.content !== "") {
      messages.push({ role: "assistant", content: message.content, ...(last ? { prefix: true as const } : {}) });
    }
  });
  return { model, messages, stream: true, ...sampling };
}

/** As the server does for conversations that it keeps: files first, each under its name. */
function withAttachments({ content, attachments }: Message): string | Part[] {
  const files = attachments
    .filter((file) => !isPicture(file) && !isSound(file))
    .map(({ name, text }) => `File ${name}:\n${text}`);
  const words = [...files, content].filter((part) => part !== "").join("\n\n");
  const pictures = attachments.filter(isPicture).map(({ text }): Part => ({ type: "image_url", image_url: text }));
  const sounds = attachments.filter(isSound).map(({ text }): Part => ({ type: "input_audio", input_audio: text }));
  return pictures.length + sounds.length === 0 ? words : [...pictures, ...sounds, ...parts(words)];
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
 * Reads one answer. `prefix`: text it goes on from, which is on the page already and which this server repeats.
 * `clock`: milliseconds. An error in the stream ends the run as failed; what was written stays.
 */
export function createChatReader(prefix: string, clock: () => number = () => performance.now()): ChatReader {
  const began = clock();
  let first = 0;
  let over = false;
  let repeated = prefix;
  let held = "";

  /** What can be shown now: not every server repeats, so what may be a repetition is held back until that is known. */
  function unrepeated(text: string): string {
    if (repeated === "") return text;
    held += text;
    if (held !== repeated && repeated.startsWith(held)) return "";
    const shown = held.startsWith(repeated) ? held.slice(repeated.length) : held;
    repeated = "";
    held = "";
    return shown;
  }

  function said(text: string): RunEvent[] {
    if (text === "") return [];
    first ||= clock();
    return [{ type: "message.output.delta", content: text }];
  }

  /** It was no repetition after all: what was held back, then how it ends. */
  function ended(end: RunEvent): RunEvent[] {
    const rest = said(held);
    over = true;
    held = "";
    return [...rest, end];
  }

  function failed(message: string, code: string): RunEvent[] {
    return ended({ type: "conversation.response.error", message, code });
  }

  return {
    read(data) {
      if (over || data === "[DONE]") return [];
      const chunk = parse(data);
      if (chunk === null) return failed("The stream could not be read.", "unreadable");
      if (chunk.object === "error")
        return failed(String(chunk.message ?? ""), chunk.code ?? chunk.type ?? "server_error");
      const choice = chunk.choices?.[0];
      const events = said(unrepeated(textOf(choice?.delta?.content)));
      const finish = choice?.finish_reason;
      if (finish === "error") return [...events, ...failed("The engine gave the answer up.", "engine_error")];
      if (!finish) return events;
      const firstSeconds = first ? (first - began) / 1000 : 0;
      return [...events, ...ended(doneEvent(finish, chunk.usage, (clock() - began) / 1000, firstSeconds))];
    },
    end: () => (over ? [] : ended({ type: "run.cut_off" })),
  };
}

interface Chunk {
  object?: string;
  message?: string;
  code?: string | null;
  type?: string;
  choices?: { delta?: { content?: unknown }; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; prompt_tokens_details?: { cached_tokens?: number } };
}

/** A text, or Mistral's list of chunks, of which reasoning and whatever else is no text are left out. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown } | null) => (typeof part?.text === "string" ? part.text : "")).join("");
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
