/** What a conversation is on this page. In: messages and the one that is shown. Out: the frozen state that reducer.ts moves on. */
import type { Message } from "@/api/types";
import { type Branching, buildTree, newestLeaf, pathTo, type Tree } from "./branches";

export interface Run {
  readonly id: string;
  readonly message: string;
  /** The last event that is in the message's text. */
  readonly seq: number;
  readonly ended: boolean;
  /** The server knows it; before that there is nothing to follow. */
  readonly confirmed: boolean;
  /** An event is missing or its log is gone: nothing more is believed of it until the conversation was loaded again. */
  readonly gap: boolean;
}

export interface Thread {
  readonly messages: ReadonlyMap<string, Message>;
  /** Every run that was ever heard of, so that an old answer of the server is known for what it is. */
  readonly runs: ReadonlyMap<string, Run>;
  /** Changes only when messages come or go: text that streams leaves it alone, and with it the page around. */
  readonly tree: Tree;
  readonly leaf: string | null;
  /** Messages that were taken back: an older answer of the server does not bring them again. */
  readonly withdrawn: ReadonlySet<string>;
  /** From the root to the leaf: what is on the page. */
  readonly path: readonly string[];
}

export const EMPTY: Thread = {
  messages: new Map(),
  runs: new Map(),
  tree: buildTree([]),
  leaf: null,
  withdrawn: new Set(),
  path: [],
};

/**
 * The thread with other messages. The view follows what is added under the message it shows, and never switches to another
 * branch by itself: what another tab edits does not pull the text from under this reader.
 */
export function withMessages(thread: Thread, messages: ReadonlyMap<string, Message>, leaf = thread.leaf): Thread {
  const tree = sameShape(thread.messages, messages)
    ? thread.tree
    : buildTree([...messages.values()] satisfies Branching[]);
  return withLeaf({ ...thread, messages, tree }, leaf);
}

/** The thread at another branch: the newest message under `at`. */
export function withLeaf(thread: Thread, at: string | null): Thread {
  const leaf = newestLeaf(thread.tree, at) ?? newestLeaf(thread.tree, null);
  const path = pathTo(thread.tree, leaf);
  return { ...thread, leaf, path: sameList(path, thread.path) ? thread.path : path };
}

function sameShape(a: ReadonlyMap<string, Message>, b: ReadonlyMap<string, Message>): boolean {
  if (a.size !== b.size) return false;
  for (const [id, message] of b) if (a.get(id)?.parent !== message.parent) return false;
  return true;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** An answer that is being made or waits to be. */
export function isActive(message: Message): boolean {
  return message.role === "assistant" && (message.state === "running" || message.state === "waiting");
}

/**
 * The run whose events the page should listen to: the first on the shown path that has not ended. One at most, since a
 * browser opens six connections to a server for all of its tabs together.
 */
export function followed(thread: Thread): Run | null {
  for (const id of thread.path) {
    const message = thread.messages.get(id);
    if (!message || !isActive(message) || message.run === null) continue;
    const run = thread.runs.get(message.run);
    if (run && !run.ended) return run.confirmed && !run.gap ? run : null;
  }
  return null;
}

export function wantsReload(thread: Thread): boolean {
  for (const run of thread.runs.values()) if (run.gap) return true;
  return false;
}

/** Whether the last answer has said already that its question is more than the model holds. */
export function saysTooLong({ path, messages }: Thread): boolean {
  return messages.get(path.at(-1) ?? "")?.error_reason === "question_too_long";
}

/** The answers of the shown path that are being made or wait, in order. */
export function activeOnPath(thread: Thread): Message[] {
  return thread.path.flatMap((id) => {
    const message = thread.messages.get(id);
    return message && isActive(message) ? [message] : [];
  });
}
