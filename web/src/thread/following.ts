/**
 * The server's side of a thread. In: a transport. Out: the events of its answer in the view, and the whole anew where they are not enough.
 *
 * At most one answer is followed, and only while somebody looks.
 */
import { createBatch, type Schedule } from "./batch";
import type { Snapshot } from "./merge";
import type { Numbered } from "./reducer";
import { followed, wantsReload } from "./state";
import type { Transport } from "./transport";
import { type Cell, passing } from "./view";

export interface Following {
  /** The answer that should be followed is; called whenever that may be another. */
  readonly keep: () => void;
  readonly load: (snapshot: Snapshot) => void;
  /** Somebody looks until the returned function is called. */
  readonly look: () => () => void;
}

export interface FollowingParts {
  transport: Transport;
  schedule: Schedule;
  pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds before each next reload in a row: a log that cannot be followed must not become a storm of requests. */
const RELOAD_PAUSES = [0, 1_000, 3_000, 10_000];

export function createFollowing(cell: Cell, { transport, schedule, pause }: FollowingParts): Following {
  const { view, set, dispatch } = cell;
  let looking = 0;
  let stream: { run: string; end: AbortController } | null = null;
  let reloading = false;
  let reloads = 0;

  function keep(): void {
    const run = looking > 0 ? followed(view().thread) : null;
    if (looking > 0 && wantsReload(view().thread)) void reload();
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
      else if (followed(view().thread)?.id === run) void reload();
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
      if (passing(failure)) keep();
      else set({ trouble: failure });
    }
  }

  function load(snapshot: Snapshot): void {
    if (!view().exists || view().trouble !== null) set({ exists: true, trouble: null });
    cell.forget(snapshot.withdrawn ?? []);
    dispatch({ type: "loaded", snapshot });
    keep();
  }

  return {
    keep,
    load,
    look() {
      looking += 1;
      keep();
      return () => {
        looking -= 1;
        keep();
      };
    },
  };
}
