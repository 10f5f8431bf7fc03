/** What one conversation is while the page is open. In: changes of its thread and of its queue. Out: a view, and whoever reads it told. */
import { ApiFailure } from "@/api/failure";
import type { Message } from "@/api/types";
import type { Snapshot } from "./merge";
import * as outgoing from "./queue";
import { type Action, above, reduce } from "./reducer";
import type { Send, Typed } from "./send";
import { activeOnPath, EMPTY, type Thread } from "./state";

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

/** What the parts of a store share: the view, and the one way to change it. */
export interface Cell {
  readonly view: () => View;
  readonly set: (change: Partial<View>) => void;
  readonly dispatch: (action: Action) => void;
  /** What the server says was taken back goes, and what is still to be sent under it moves up. */
  readonly forget: (withdrawn: readonly string[]) => void;
  readonly subscribe: (changed: () => void) => () => void;
}

/** `moved`: told when the thread is another, once whoever reads it has been. */
export function createCell(exists: boolean, moved: () => void): Cell {
  const listeners = new Set<() => void>();
  let view: View = { thread: EMPTY, queue: [], exists, stopping: new Set(), trouble: null };

  function set(change: Partial<View>): void {
    view = { ...view, ...change };
    for (const changed of listeners) changed();
  }

  function dispatch(action: Action): void {
    const thread = reduce(view.thread, action);
    if (thread === view.thread) return;
    const stopping = new Set([...view.stopping].filter((run) => thread.runs.get(run)?.ended === false));
    set({ thread, stopping });
    moved();
  }

  return {
    view: () => view,
    set,
    dispatch,
    forget(withdrawn) {
      const gone = withdrawn.filter((id) => view.thread.messages.has(id));
      if (gone.length === 0) return;
      set({ queue: outgoing.movedUp(view.queue, gone, above(view.thread, gone[0] ?? null, gone)) });
      dispatch({ type: "withdrawn", gone });
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}

/** The run that makes the first unfinished answer on the shown path: what *Stop* means. Null: none, or it was never sent. */
export function stoppable({ thread, queue }: View): string | null {
  const run = activeOnPath(thread)[0]?.run ?? null;
  return outgoing.find(queue, run)?.state === "failed" ? null : run;
}

/** Whether a failure passes by itself, and what failed may be tried again unasked. */
export function passing(failure: unknown): boolean {
  return failure instanceof ApiFailure && failure.passing;
}
