/** What the page asks the server to do. In: ids made here (api/id.ts), so that a call sent twice counts once. Out: what stands then. */
import { server } from "./client";
import type {
  Attachment,
  Begun,
  ContextQuestion,
  ContextUse,
  ConversationPatch,
  ConversationSummary,
  NewConversation,
  NewMessage,
} from "./types";

/** Changes nothing: how much of a model's context messages take that only this page has. */
export function countContext(question: ContextQuestion, signal: AbortSignal): Promise<ContextUse> {
  return server.call("POST /api/context", { body: question, signal });
}

export function createConversation(wanted: NewConversation): Promise<ConversationSummary> {
  return server.call("POST /api/conversations", { body: wanted });
}

export function patchConversation(id: string, patch: ConversationPatch): Promise<ConversationSummary> {
  return server.call("PATCH /api/conversations/{conversation_id}", { path: { conversation_id: id }, body: patch });
}

export async function deleteConversation(id: string): Promise<void> {
  await server.call("DELETE /api/conversations/{conversation_id}", { path: { conversation_id: id } });
}

/** Within an hour of its deletion. */
export function restoreConversation(id: string): Promise<ConversationSummary> {
  return server.call("POST /api/conversations/{conversation_id}/restore", { path: { conversation_id: id } });
}

export function exportAddress(id: string, format: "markdown" | "json"): string {
  return server.address("GET /api/conversations/{conversation_id}/export", {
    path: { conversation_id: id },
    query: { format },
  });
}

/** What reproduces an answer, for `alize replay`. */
export function replayAddress(message: string): string {
  return server.address("GET /api/messages/{message_id}/replay", { path: { message_id: message } });
}

export function postMessage(conversation: string, message: NewMessage): Promise<Begun> {
  return server.call("POST /api/conversations/{conversation_id}/messages", {
    path: { conversation_id: conversation },
    body: {
      ...message,
      attachments: message.attachments.map(({ name, type, text, id }) => (id === null ? { name, type, text } : { id })),
    },
  });
}

/** Keeps a picture or a sound, whose question is sent later. `onSent`: bytes that have left. */
export async function uploadFile(
  name: string,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Attachment> {
  const { id, type } = await server.call("POST /api/attachments", { query: { name }, body: file, onSent, signal });
  return { name, type, text: "", id };
}

/** Where the browser gets what is attached: from the server, or from the address itself where that holds it. */
export function attachmentAddress({ id, text }: Attachment): string {
  return id === null ? text : server.address("GET /api/attachments/{attachment_id}", { path: { attachment_id: id } });
}

/** Another answer beside `answer`, under the same question. */
export function regenerate(answer: string, next: { id: string; run: string }): Promise<Omit<Begun, "message">> {
  return server.call("POST /api/messages/{message_id}/regenerate", {
    path: { message_id: answer },
    body: { answer: next },
  });
}

/** Goes on with an answer that was stopped, cut off, or ended by its length. */
export function continueAnswer(answer: string, run: string): Promise<Omit<Begun, "message">> {
  return server.call("POST /api/messages/{message_id}/continue", { path: { message_id: answer }, body: { run } });
}

/** Does nothing when the run has ended. */
export async function stopRun(run: string): Promise<void> {
  await server.call("POST /api/runs/{run_id}/stop", { path: { run_id: run } });
}

/** The messages that are gone; none where the run had begun, and is stopped. */
export async function withdrawRun(run: string): Promise<string[]> {
  return (await server.call("POST /api/runs/{run_id}/withdraw", { path: { run_id: run } })).gone;
}
