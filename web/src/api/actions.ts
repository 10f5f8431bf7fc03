/** What the page asks the server to do. In: ids made here (api/id.ts), so that a call sent twice counts once. Out: what stands then. */
import { server } from "./client";
import type { Attachment, Conversation, ConversationSummary, Message, Sampling } from "./types";

/** A run that begins or waits; `seq` is the last event that was committed. */
export type RunState = Conversation["runs"][number];

export interface Begun {
  message: Message;
  answer: Message;
  run: RunState;
}

export interface NewMessage {
  id: string;
  parent: string | null;
  content: string;
  attachments: Attachment[];
  answer: { id: string; run: string };
}

export interface NewConversation {
  id: string;
  model?: string;
  settings?: Sampling;
  title?: string;
}

export interface ConversationPatch {
  title?: string;
  pinned?: boolean;
  archived?: boolean;
  model?: string;
  settings?: Sampling;
  leaf?: string;
}

export function createConversation(wanted: NewConversation): Promise<ConversationSummary> {
  return server.call("POST", "/api/conversations", { body: wanted });
}

export function patchConversation(id: string, patch: ConversationPatch): Promise<ConversationSummary> {
  return server.call("PATCH", `/api/conversations/${id}`, { body: patch });
}

export function deleteConversation(id: string): Promise<void> {
  return server.call("DELETE", `/api/conversations/${id}`);
}

/** Within an hour of its deletion. */
export function restoreConversation(id: string): Promise<ConversationSummary> {
  return server.call("POST", `/api/conversations/${id}/restore`);
}

export function exportAddress(id: string, format: "markdown" | "json"): string {
  return server.address(`/api/conversations/${id}/export`, { format });
}

export function postMessage(conversation: string, message: NewMessage): Promise<Begun> {
  return server.call("POST", `/api/conversations/${conversation}/messages`, { body: message });
}

/** Another answer beside `answer`, under the same question. */
export function regenerate(answer: string, next: { id: string; run: string }): Promise<Omit<Begun, "message">> {
  return server.call("POST", `/api/messages/${answer}/regenerate`, { body: { answer: next } });
}

/** Goes on with an answer that was stopped, cut off, or ended by its length. */
export function continueAnswer(answer: string, run: string): Promise<Omit<Begun, "message">> {
  return server.call("POST", `/api/messages/${answer}/continue`, { body: { run } });
}

/** Does nothing when the run has ended. */
export function stopRun(run: string): Promise<void> {
  return server.call("POST", `/api/runs/${run}/stop`);
}
