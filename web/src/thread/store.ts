/**
 * One conversation while the page is open. In: what the person does, and a transport. Out: a view that components read.
 *
 * Nothing is decided here: reducer.ts says what events mean, queue.ts what is sent next. This file carries out. It outlives
 * the components, so that a switch between conversations loses neither a message on its way nor a token.
 */
import { ApiFailure } from "@/api/failure";
import { wait } from "@/api/surroundings";
import type { Message } from "@/api/types";
import { createBatch, everyOtherFrame, type Schedule } from "./batch";
import { keyWaits } from "./key-frames";
import type { Snapshot } from "./merge";
import * as outgoing from "./queue";
import { type Action, above, type Numbered, reduce } from "./reducer";
import {
  answerOf,
  madeBy,
  optimistic,
  pauseBefore,
  runOf,
  type Send,
  sendContinue,
  sendMessage,
  sendRegenerate,
  type Typed,
  typedIn,
  typedOf,
} from "./send";
import { activeOnPath, EMPTY, followed, type Thread, wantsReload } from "./state";
import type { Transport } from "./transport";

export interface View {
  readonly thread: Thread;
  readonly queue: outgoing.Queue;
  /** The server has the conversation: there is something to load, and an address to give. */
  readonly exists: boolean;
  /** Runs that were asked to stop and have not ended yet. */
  readonly stopping: ReadonlySet<string>;
  /** Why the answer cannot be followed, where waiting does not mend it. */
  readonly trouble: unknown;
}

export interface ThreadStore {
  readonly id: string;
  readonly kept: boolean;
  readonly view: () => View;
  readonly subscribe: (changed: () => void) => () => void;
  /** The page shows it: its answer is followed until the returned function is called. */
  readonly open: () => () => void;
  readonly load: (snapshot: Snapshot) => void;
  /** Under the message shown last, or under `parent`: then it is another version of what hangs there. */
  readonly send: (typed: Typed, parent?: string | null) => Send;
  readonly regenerate: (answer: Message) => void;
  readonly goOn: (answer: Message) => void;
  readonly retry: (request: string) => void;
  /** Takes back what the server did not take, and gives it. Null: it may have arrived, or is not there. */
  readonly undo: (request: string) => Send | null;
  /** Takes back what waits its turn, and gives what was typed. Null: there was nothing typed, or it is being answered already. */
  readonly withdraw: (run: string) => Promise<Typed | null>;
  /** The server is reached again: what failed for want of it is sent. */
  readonly reached: () => void;
  /** Stops one run; the answer keeps its text. */
  readonly stop: (run: string) => void;
  readonly show: (message: string) => void;
  /** A picture of an answer was asked of a host: it is counted among those that something was sent to. */
  readonly told: (message: string, host: string) => void;
  /** Told when a message has arrived on the server, so that its draft can be let go. */
  readonly onArrived: (listener: (send: Send) => void) => () => void;
}

export interface StoreParts {
  id: string;
  transport: Transport;
  exists: boolean;
  schedule?: Schedule;
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  now?: () => string;
}

/** Milliseconds before each next reload in a row: a log that cannot be followed must not become a storm of requests. */
const RELOAD_PAUSES = [0, 1_000, 3_000, 10_000];

export function createStore(parts: StoreParts): ThreadStore {
  const {
    id,
    transport,
    schedule = everyOtherFrame(keyWaits),
    pause = wait,
    now = () => new Date().toISOString(),
  } = parts;
  const listeners = new Set<() => void>();
  const arrivals = new Set<(send: Send) => void>();
  const withdrawing = new Set<string>();
  let view: View = { thread: EMPTY, queue: [], exists: parts.exists, stopping: new Set(), trouble: null };
  let looking = 0;
  let stream: { run: string; end: AbortController } | null = null;
  let reloading = false;
  let reloads = 0;

  function set(change: Partial<View>): void {
    view = { ...view, ...change };
    for (const changed of listeners) changed();
  }

  function dispatch(action: Action): void {
    const thread = reduce(view.thread, action);
    if (thread === view.thread) return;
    const stopping = new Set([...view.stopping].filter((run) => thread.runs.get(run)?.ended === false));
    set({ thread, stopping });
    keepFollowing();
  }

  function keepFollowing(): void {
    const run = looking > 0 ? followed(view.thread) : null;
    if (looking > 0 && wantsReload(view.thread)) void reload();
    if (stream?.run === run?.id) return;
    stream?.end.abort();
    stream = null;
    if (run) follow(run.id, run.seq);
  }

  function follow(run: string, after: number): void {
    const end = new AbortController();
    let troubled = false;
    stream = { run, end };
    const batch = createBatch<Numbered>((events) => {
      reloads = 0;
      if (troubled) set({ trouble: null });
      troubled = false;
      dispatch({ type: "events", run, events });
    }, schedule);
    end.signal.addEventListener("abort", batch.close);
    const ended = (trouble: unknown): void => {
      if (end.signal.aborted) return;
      batch.flush();
      if (stream?.end === end) stream = null;
      if (trouble !== null) set({ trouble });
      // The stream ended and its run did not: something went wrong that only the server can say.
      else if (followed(view.thread)?.id === run) void reload();
    };
    transport
      .follow(
        run,
        after,
        (event, seq) => batch.push({ seq, event }),
        end.signal,
        (trouble) => {
          if (end.signal.aborted) return;
          troubled = true;
          set({ trouble });
        },
      )
      .then(
        () => ended(null),
        (failure: unknown) => ended(failure),
      );
  }

  async function reload(): Promise<void> {
    if (reloading) return;
    reloading = true;
    const quiet = RELOAD_PAUSES[Math.min(reloads, RELOAD_PAUSES.length - 1)] ?? 0;
    reloads += 1;
    try {
      if (quiet > 0) await pause(quiet, new AbortController().signal);
      const snapshot = await transport.reload();
      reloading = false;
      load(snapshot);
    } catch (failure) {
      reloading = false;
      if (passing(failure)) keepFollowing();
      else set({ trouble: failure });
    }
  }

  function load(snapshot: Snapshot): void {
    if (!view.exists || view.trouble !== null) set({ exists: true, trouble: null });
    forget(snapshot.withdrawn ?? []);
    dispatch({ type: "loaded", snapshot });
    keepFollowing();
  }

  function enqueue(send: Send): Send {
    dispatch({ type: "began", messages: optimistic(send, now()), run: runOf(send), answer: answerOf(send) });
    set({ queue: outgoing.enqueue(view.queue, send) });
    void pump();
    return send;
  }

  async function pump(): Promise<void> {
    const one = outgoing.next(view.queue);
    if (!one) return;
    set({ queue: outgoing.sending(view.queue, one.id) });
    try {
      const snapshot = await transport.send(one.send);
      set({ queue: outgoing.sent(view.queue, one.id), exists: true });
      dispatch({ type: "loaded", snapshot });
      for (const arrived of arrivals) arrived(one.send);
      if (view.stopping.has(one.id) && !withdrawing.has(one.id)) askToStop(one.id);
    } catch (failure) {
      await tryLater(one, failure);
    }
    void pump();
  }

  async function tryLater(one: outgoing.Outgoing, failure: unknown): Promise<void> {
    const quiet = failure instanceof ApiFailure ? pauseBefore(failure, one.tries + 1) : null;
    if (quiet === null) {
      set({ queue: outgoing.failed(view.queue, one.id, failure) });
      return;
    }
    await pause(quiet, new AbortController().signal);
    set({ queue: outgoing.ready(view.queue, one.id) });
  }

  function askToStop(run: string): void {
    transport.stop(run).catch((failure: unknown) => {
      set({ stopping: without(view.stopping, run), trouble: failure });
    });
  }

  function undo(request: string): Send | null {
    const one = outgoing.find(view.queue, request);
    const queue = outgoing.withdrawn(view.queue, request);
    if (!one || queue === view.queue) return null;
    set({ queue });
    const restored = one.send.kind === "continue" ? [one.send.before] : [];
    dispatch({ type: "undone", gone: madeBy(one.send), restored, run: request });
    void pump();
    return one.send;
  }

  async function withdraw(run: string): Promise<Typed | null> {
    if (view.stopping.has(run)) return null;
    set({ stopping: new Set(view.stopping).add(run) });
    withdrawing.add(run);
    try {
      await arrived(run);
      const undone = undo(run);
      if (undone) return typedIn(undone);
      const answer = view.thread.messages.get(view.thread.runs.get(run)?.message ?? "");
      const question = view.thread.messages.get(answer?.parent ?? "");
      const gone = await transport.withdraw(run);
      forget(gone);
      return question && gone.includes(question.id) ? typedOf(question) : null;
    } catch (failure) {
      set({ stopping: without(view.stopping, run), trouble: failure });
      return null;
    } finally {
      withdrawing.delete(run);
    }
  }

  /** Ends when a request is not on its way any more: it has arrived, or failed. */
  function arrived(request: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (outgoing.find(view.queue, request)?.state === "sending") return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });
  }

  function forget(withdrawn: readonly string[]): void {
    const gone = withdrawn.filter((id) => view.thread.messages.has(id));
    if (gone.length === 0) return;
    set({ queue: outgoing.movedUp(view.queue, gone, above(view.thread, gone[0] ?? null, gone)) });
    dispatch({ type: "withdrawn", gone });
  }

  function sendAgain(request: string): void {
    set({ queue: outgoing.retried(view.queue, request) });
    void pump();
  }

  function retry(request: string): void {
    // Whoever sends it after all wants the answer that they had stopped.
    set({ stopping: without(view.stopping, request) });
    sendAgain(request);
  }

  return {
    id,
    kept: transport.kept,
    view: () => view,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    open() {
      looking += 1;
      keepFollowing();
      return () => {
        looking -= 1;
        keepFollowing();
      };
    },
    load,
    send: (typed, parent = view.thread.leaf) => enqueue(sendMessage(typed, parent)),
    regenerate: (answer) => void enqueue(sendRegenerate(answer)),
    goOn: (answer) => void enqueue(sendContinue(answer)),
    retry,
    undo,
    withdraw,
    reached() {
      for (const one of view.queue) if (one.state === "failed" && passing(one.failure)) sendAgain(one.id);
      if (view.trouble !== null && passing(view.trouble)) set({ trouble: null });
      keepFollowing();
    },
    stop(run) {
      if (view.stopping.has(run)) return;
      set({ stopping: new Set(view.stopping).add(run) });
      // One that is still on its way is stopped when it has arrived.
      if (view.thread.runs.get(run)?.confirmed) askToStop(run);
    },
    show(message) {
      dispatch({ type: "show", message });
      const { leaf } = view.thread;
      const known = leaf !== null && !view.queue.some((one) => madeBy(one.send).includes(leaf));
      // Which branch is shown is a comfort; where it is not kept, nothing is lost.
      if (known) transport.show(leaf).catch(() => {});
    },
    told(message, host) {
      // The server also knows where redirects led, and who was not asked after all.
      if (transport.kept) transport.reload().then(load, () => {});
      else dispatch({ type: "told", message, host });
    },
    onArrived(listener) {
      arrivals.add(listener);
      return () => arrivals.delete(listener);
    },
  };
}

/** The run that makes the first unfinished answer on the shown path: what *Stop* means. Null: none, or it was never sent. */
export function stoppable({ thread, queue }: View): string | null {
  const run = activeOnPath(thread)[0]?.run ?? null;
  return outgoing.find(queue, run)?.state === "failed" ? null : run;
}

function passing(failure: unknown): boolean {
  return failure instanceof ApiFailure && failure.passing;
}

function without<T>(set: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const less = new Set(set);
  less.delete(one);
  return less;
}
