/**
 * What a person typed comes in; a request whose ids were made here, and what to show meanwhile, go out.
 *
 * The ids make a repeated request the same request: a call whose answer was lost can be sent again without asking.
 */

import { newId } from "@/api/id";
import type { Attachment, Message, NewMessage } from "@/api/types";

export type Send =
  | { kind: "message"; message: NewMessage }
  /** Another answer beside `beside`, under the same question. */
  | { kind: "regenerate"; beside: Message; answer: { id: string; run: string } }
  /** More of an answer; `before` is how it was. */
  | { kind: "continue"; before: Message; run: string };

export interface Typed {
  text: string;
  attachments: readonly Attachment[];
}

export type MakeId = () => string;

export function sendMessage(typed: Typed, parent: string | null, makeId: MakeId = newId): Send {
  const { text, attachments } = typed;
  const answer = { id: makeId(), run: makeId() };
  return { kind: "message", message: { id: makeId(), parent, content: text, attachments: [...attachments], answer } };
}

export function sendRegenerate(beside: Message, makeId: MakeId = newId): Send {
  return { kind: "regenerate", beside, answer: { id: makeId(), run: makeId() } };
}

export function sendContinue(before: Message, makeId: MakeId = newId): Send {
  return { kind: "continue", before, run: makeId() };
}

export function runOf(send: Send): string {
  if (send.kind === "message") return send.message.answer.run;
  return send.kind === "regenerate" ? send.answer.run : send.run;
}

export function answerOf(send: Send): string {
  if (send.kind === "message") return send.message.answer.id;
  return send.kind === "regenerate" ? send.answer.id : send.before.id;
}

/** Messages that exist only since this request. */
export function madeBy(send: Send): string[] {
  if (send.kind === "message") return [send.message.id, send.message.answer.id];
  return send.kind === "regenerate" ? [send.answer.id] : [];
}

/** The message that must be on the server before this request makes sense there. */
export function needs(send: Send): string | null {
  if (send.kind === "message") return send.message.parent;
  return send.kind === "regenerate" ? send.beside.id : send.before.id;
}

/** The same request under another parent, where the one it was typed under was taken back. */
export function under(send: Send, parent: string | null): Send {
  return send.kind === "message" ? { ...send, message: { ...send.message, parent } } : send;
}

/** What the page shows until the server answers. `created` only dates the message; nothing is ordered by it. */
export function optimistic(send: Send, created: string): Message[] {
  if (send.kind === "continue")
    return [
      {
        ...send.before,
        run: send.run,
        state: "waiting",
        finish: null,
        error: null,
        error_code: null,
        error_reason: null,
        error_values: {},
      },
    ];
  const blank = { ...BLANK, created };
  if (send.kind === "regenerate") {
    const { id, run } = send.answer;
    return [{ ...blank, id, run, parent: send.beside.parent, role: "assistant", state: "waiting" }];
  }
  const { id, parent, content, attachments, answer } = send.message;
  return [
    { ...blank, id, parent, content, attachments },
    { ...blank, id: answer.id, run: answer.run, parent: id, role: "assistant", state: "waiting" },
  ];
}

/** What goes back into the composer when a send is undone; null where nothing was typed. */
export function typedIn(send: Send): Typed | null {
  if (send.kind !== "message") return null;
  return typedOf(send.message);
}

export function typedOf({ content, attachments }: Pick<Message, "content" | "attachments">): Typed {
  return { text: content, attachments };
}

/** Two texts in the composer: what came back, then what was typed meanwhile. */
export function joined(back: Typed, now: Typed): Typed {
  const text = [back.text, now.text].filter((part) => part.trim() !== "").join("\n\n");
  return { text, attachments: [...back.attachments, ...now.attachments] };
}

/** Milliseconds between tries that the person does not see; after the last the page says what happened and offers the choice. */
const PAUSES = [400, 1_200, 3_000] as const;

/**
 * How long to wait before the `tries`-th failed request is sent again, or null: it will not pass by itself.
 * A server that says how long it is busy is believed up to ten seconds; longer is for the person to decide.
 */
export function pauseBefore(failure: { passing: boolean; retryAfter: number | null }, tries: number): number | null {
  const pause = PAUSES[tries - 1];
  if (!failure.passing || pause === undefined) return null;
  if (failure.retryAfter === null) return pause;
  return failure.retryAfter <= 10 ? Math.max(pause, failure.retryAfter * 1000) : null;
}

const BLANK: Message = {
  id: "",
  parent: null,
  role: "user",
  content: "",
  attachments: [],
  created: "",
  run: null,
  model: "",
  served_by: "",
  state: "done",
  finish: null,
  error: null,
  error_code: null,
  error_reason: null,
  error_values: {},
  thought: "",
  thought_seconds: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  seconds: 0,
  first_token_seconds: 0,
  left: [],
};
