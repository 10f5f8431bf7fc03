/**
 * Requests of one conversation come in; which to send next, and what became of each, goes out.
 *
 * A message typed while an answer runs is sent at once: the server stores it and lets its run wait. What waits here is
 * only what the server cannot take yet, because the message it hangs under is itself on its way. One request is on its
 * way at a time, so that the server sees them in the order in which they were typed.
 */
import { madeBy, needs, runOf, type Send, under } from "./send";

export interface Outgoing {
  /** The id of its run: every request makes one. */
  readonly id: string;
  readonly send: Send;
  readonly state: "ready" | "sending" | "failed";
  /** How often it was tried. */
  readonly tries: number;
  /** Why it failed, for the person. */
  readonly failure: unknown;
}

export type Queue = readonly Outgoing[];

export function enqueue(queue: Queue, send: Send): Queue {
  const id = runOf(send);
  if (queue.some((one) => one.id === id)) return queue;
  return [...queue, { id, send, state: "ready", tries: 0, failure: null }];
}

/** The request to send now: the first that waits for nothing, and only while none is on its way. */
export function next(queue: Queue): Outgoing | null {
  if (queue.some((one) => one.state === "sending")) return null;
  const unsent = new Set<string>();
  for (const one of queue) {
    const needed = needs(one.send);
    const held = needed !== null && unsent.has(needed);
    if (one.state === "ready" && !held) return one;
    for (const id of madeBy(one.send)) unsent.add(id);
  }
  return null;
}

export function sending(queue: Queue, id: string): Queue {
  return change(queue, id, (one) => ({ ...one, state: "sending", tries: one.tries + 1, failure: null }));
}

/** It is to be tried again: by the person, or after a pause. */
export function ready(queue: Queue, id: string): Queue {
  return change(queue, id, (one) => ({ ...one, state: "ready" }));
}

export function failed(queue: Queue, id: string, failure: unknown): Queue {
  return change(queue, id, (one) => ({ ...one, state: "failed", failure }));
}

/** The person tries again: the patience of the machine begins anew. */
export function retried(queue: Queue, id: string): Queue {
  return change(queue, id, (one) =>
    one.state === "failed" ? { ...one, state: "ready", tries: 0, failure: null } : one,
  );
}

export function sent(queue: Queue, id: string): Queue {
  return queue.filter((one) => one.id !== id);
}

/**
 * The queue without a request that was not taken by the server; what was typed under it moves up to where it would have
 * hung. A request on its way stays: it may have arrived.
 */
export function withdrawn(queue: Queue, id: string): Queue {
  const gone = queue.find((one) => one.id === id);
  if (!gone || gone.state === "sending") return queue;
  return movedUp(sent(queue, id), madeBy(gone.send), needs(gone.send));
}

/** What was typed under messages that are gone hangs under `parent`. */
export function movedUp(queue: Queue, gone: readonly string[], parent: string | null): Queue {
  return queue.map((one) => {
    const needed = needs(one.send);
    return needed !== null && gone.includes(needed) ? { ...one, send: under(one.send, parent) } : one;
  });
}

export function find(queue: Queue, id: string | null): Outgoing | undefined {
  return id === null ? undefined : queue.find((one) => one.id === id);
}

function change(queue: Queue, id: string, step: (one: Outgoing) => Outgoing): Queue {
  return queue.map((one) => (one.id === id ? step(one) : one));
}
