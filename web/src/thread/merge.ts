/**
 * What the server says stands, and what the page has, come in; the newer of each goes out.
 *
 * An answer of the server may be older than the events that overtook it on another connection. Runs order them: events
 * committed so far (`seq`), and which run of a message came later, say which side knows more. A message that was taken back
 * is named (reducer.ts lets it go), so one that a snapshot lacks is newer than the snapshot.
 */
import type { Conversation, Message } from "@/api/types";
import { type Run, type Thread, withMessages } from "./state";

export interface Snapshot {
  /** The whole conversation, oldest first, or only the messages that a call began. */
  whole: boolean;
  messages: readonly Message[];
  /** The runs of `messages` that wait or run. */
  runs: Conversation["runs"];
  /** Which message was shown last, where the server says it. */
  leaf: string | null;
  /** Messages that were taken back, by whichever page. */
  withdrawn?: readonly string[];
}

type Whole = Pick<Conversation, "messages" | "runs" | "leaf" | "withdrawn">;

export function wholeOf({ messages, runs, leaf, withdrawn }: Whole): Snapshot {
  return { whole: true, messages, runs, leaf, withdrawn };
}

export function mergeSnapshot(thread: Thread, snapshot: Snapshot): Thread {
  const going = new Map(snapshot.runs.map((run) => [run.id, run]));
  const runs = new Map(thread.runs);
  // A whole answer brings the server's order, which is the same on every device; what it lacks is newer.
  const merged = new Map<string, Message>(snapshot.whole ? [] : thread.messages);
  for (const said of snapshot.messages) {
    if (thread.withdrawn.has(said.id)) continue;
    const ours = thread.messages.get(said.id);
    // What hung under a message that is gone has moved up since.
    const theirs = ours && said.parent && thread.withdrawn.has(said.parent) ? { ...said, parent: ours.parent } : said;
    const seq = theirs.run === null ? undefined : going.get(theirs.run)?.seq;
    const taken = ours === undefined || knowsMore(thread, ours, theirs, seq);
    merged.set(theirs.id, taken ? sharing(ours, theirs) : toldAlso(ours, theirs.left));
    if (theirs.run !== null) settle(runs, theirs, theirs.run, seq, taken);
  }
  for (const [id, ours] of thread.messages) if (!merged.has(id)) merged.set(id, ours);
  return withMessages({ ...thread, runs }, merged, thread.leaf ?? snapshot.leaf);
}

/** Does the snapshot know more about a message than the page? `seq`: of its run, where that has not ended. */
function knowsMore(thread: Thread, ours: Message, theirs: Message, seq: number | undefined): boolean {
  if (theirs.run === null) return ours.run === null;
  const known = thread.runs.get(theirs.run);
  if (theirs.run !== ours.run) return known === undefined; // a run that was followed by ours: an old answer
  if (known === undefined || known.gap) return true;
  const ended = theirs.state !== "running" && theirs.state !== "waiting";
  if (ended) return true;
  if (known.ended) return false;
  return seq !== undefined && seq >= known.seq;
}

function settle(runs: Map<string, Run>, theirs: Message, id: string, seq: number | undefined, taken: boolean): void {
  const known = runs.get(id);
  const running = theirs.state === "running" || theirs.state === "waiting";
  if (known && !taken) {
    // Older than what is on the page, but it proves that the server has the run.
    if (!known.confirmed) runs.set(id, { ...known, confirmed: true });
    return;
  }
  runs.set(id, {
    id,
    message: theirs.id,
    seq: seq ?? known?.seq ?? 0,
    // A run that neither ended nor is listed cannot be followed: from which event on is not said.
    ended: !running,
    confirmed: running ? seq !== undefined : true,
    gap: false,
  });
}

/** The same message where it has been told that these hosts heard of it; what left the machine is never less than was known. */
export function toldAlso(message: Message, hosts: readonly string[]): Message {
  const left = [...new Set([...message.left, ...hosts])];
  return left.length === message.left.length ? message : { ...message, left };
}

/** The message we have where nothing differs: what did not change must not render again. */
function sharing(ours: Message | undefined, theirs: Message): Message {
  if (ours === undefined) return theirs;
  for (const key of Object.keys(theirs) as (keyof Message)[]) {
    // `Object.keys` is typed as string[]; the keys of a Message are its fields.
    const [a, b] = [ours[key], theirs[key]];
    if (a !== b && (typeof a !== "object" || JSON.stringify(a) !== JSON.stringify(b))) return theirs;
  }
  return ours;
}
