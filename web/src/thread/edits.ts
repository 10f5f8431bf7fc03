/**
 * Edits of questions that were begun. In: the thread, a message, what stands in its field. Out: the same, after the field was away.
 *
 * A long conversation takes rows out of the page that are far from the eye, and a switch takes all: what was typed must outlive both.
 */
import type { ThreadStore } from "./view";

const begun = new WeakMap<ThreadStore, Map<string, string>>();

/** Null: it is not being edited. */
export function editOf(thread: ThreadStore, message: string): string | null {
  return begun.get(thread)?.get(message) ?? null;
}

/** `text` null: the edit is over. */
export function keepEdit(thread: ThreadStore, message: string, text: string | null): void {
  const edits = begun.get(thread) ?? new Map<string, string>();
  begun.set(thread, edits);
  if (text === null) edits.delete(message);
  else edits.set(message, text);
}
