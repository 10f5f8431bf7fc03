/** The person's side of a thread. In: what is sent, taken back and stopped. Out: requests in their order, and what became of each in the view. */
import { ApiFailure } from "@/api/failure";
import * as outgoing from "./queue";
import { answerOf, madeBy, optimistic, pauseBefore, runOf, type Send, type Typed, typedIn, typedOf } from "./send";
import type { Transport } from "./transport";
import { type Cell, passing } from "./view";

export interface Sending {
  readonly enqueue: (send: Send) => Send;
  readonly retry: (request: string) => void;
  readonly undo: (request: string) => Send | null;
  readonly withdraw: (run: string) => Promise<Typed | null>;
  readonly stop: (run: string) => void;
  /** What failed for want of the server is sent. */
  readonly reached: () => void;
  readonly onArrived: (listener: (send: Send) => void) => () => void;
}

export interface SendingParts {
  transport: Transport;
  pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  now: () => string;
}

export function createSending(cell: Cell, { transport, pause, now }: SendingParts): Sending {
  const { view, set, dispatch } = cell;
  const arrivals = new Set<(send: Send) => void>();
  const withdrawing = new Set<string>();

  function enqueue(send: Send): Send {
    dispatch({ type: "began", messages: optimistic(send, now()), run: runOf(send), answer: answerOf(send) });
    set({ queue: outgoing.enqueue(view().queue, send) });
    void pump();
    return send;
  }

  async function pump(): Promise<void> {
    const one = outgoing.next(view().queue);
    if (!one) return;
    set({ queue: outgoing.sending(view().queue, one.id) });
    try {
      const snapshot = await transport.send(one.send);
      set({ queue: outgoing.sent(view().queue, one.id), exists: true });
      dispatch({ type: "loaded", snapshot });
      for (const arrived of arrivals) arrived(one.send);
      if (view().stopping.has(one.id) && !withdrawing.has(one.id)) askToStop(one.id);
    } catch (failure) {
      await tryLater(one, failure);
    }
    void pump();
  }

  async function tryLater(one: outgoing.Outgoing, failure: unknown): Promise<void> {
    const quiet = failure instanceof ApiFailure ? pauseBefore(failure, one.tries + 1) : null;
    if (quiet === null) {
      set({ queue: outgoing.failed(view().queue, one.id, failure) });
      return;
    }
    await pause(quiet, new AbortController().signal);
    set({ queue: outgoing.ready(view().queue, one.id) });
  }

  function askToStop(run: string): void {
    transport.stop(run).catch((failure: unknown) => {
      set({ stopping: without(view().stopping, run), trouble: failure });
    });
  }

  function undo(request: string): Send | null {
    const one = outgoing.find(view().queue, request);
    const queue = outgoing.withdrawn(view().queue, request);
    if (!one || queue === view().queue) return null;
    set({ queue });
    const restored = one.send.kind === "continue" ? [one.send.before] : [];
    dispatch({ type: "undone", gone: madeBy(one.send), restored, run: request });
    void pump();
    return one.send;
  }

  async function withdraw(run: string): Promise<Typed | null> {
    if (view().stopping.has(run)) return null;
    set({ stopping: new Set(view().stopping).add(run) });
    withdrawing.add(run);
    try {
      await arrived(run);
      const undone = undo(run);
      if (undone) return typedIn(undone);
      const answer = view().thread.messages.get(view().thread.runs.get(run)?.message ?? "");
      const question = view().thread.messages.get(answer?.parent ?? "");
      const gone = await transport.withdraw(run);
      cell.forget(gone);
      return question && gone.includes(question.id) ? typedOf(question) : null;
    } catch (failure) {
      set({ stopping: without(view().stopping, run), trouble: failure });
      return null;
    } finally {
      withdrawing.delete(run);
    }
  }

  /** Ends when a request is not on its way any more: it has arrived, or failed. */
  function arrived(request: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (outgoing.find(view().queue, request)?.state === "sending") return;
        leave();
        resolve();
      };
      const leave = cell.subscribe(look);
      look();
    });
  }

  function sendAgain(request: string): void {
    set({ queue: outgoing.retried(view().queue, request) });
    void pump();
  }

  function retry(request: string): void {
    // Whoever sends it after all wants the answer that they had stopped.
    set({ stopping: without(view().stopping, request) });
    sendAgain(request);
  }

  return {
    enqueue,
    retry,
    undo,
    withdraw,
    stop(run) {
      if (view().stopping.has(run)) return;
      set({ stopping: new Set(view().stopping).add(run) });
      // One that is still on its way is stopped when it has arrived.
      if (view().thread.runs.get(run)?.confirmed) askToStop(run);
    },
    reached() {
      for (const one of view().queue) if (one.state === "failed" && passing(one.failure)) sendAgain(one.id);
    },
    onArrived(listener) {
      arrivals.add(listener);
      return () => arrivals.delete(listener);
    },
  };
}

function without<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const less = new Set(set);
  less.delete(one);
  return less;
}
