/**
 * What a person is typing comes in, per conversation; it comes back after a reload, a crash or a switch.
 *
 * Memory is the truth of this page and storage its mirror: where storage is full, forbidden or gone, the draft still
 * survives a switch between conversations. Temporary chats pass `mirror: false`, since nothing of them may reach the disk.
 */

import type { Attachment } from "@/api/types";

const NO_FILES: readonly Attachment[] = [];
const PREFIX = "alize.draft.";
/** Drafts of one person kept in storage; the oldest go first. */
const KEPT = 50;
/** Longer texts stay in memory only: one draft must not fill the 5 MB that a page has. */
const LONGEST = 200_000;

/** `files`: how many were with it, which are not kept. */
export interface Recovered {
  text: string;
  files: number;
}

export interface Drafts {
  read(key: string): string;
  /** Empty text forgets the draft. */
  write(key: string, text: string, mirror?: boolean): void;
  /** Remembers a message on its way, until it has arrived (`settle`): a page that is closed meanwhile has it still. */
  hold(key: string, message: string, text: string, files: number): void;
  settle(key: string, message: string): void;
  /**
   * Texts that an earlier page had on their way, and that did not arrive as far as `arrived` knows. Each is given once.
   */
  recover(key: string, arrived: (message: string) => boolean): Recovered[];
  /** Files are kept in memory alone: they are too large for storage. */
  files(key: string): readonly Attachment[];
  setFiles(key: string, files: readonly Attachment[]): void;
  /** Forgets this person's drafts: at sign-out, on a machine that others use. */
  clear(): void;
}

/** Between the key of a draft and the id of a message on its way. Not in ids and keys. */
const HELD = "~";
/** Milliseconds: younger ones may be on their way from another tab at this moment. */
const SETTLED_BY_NOW = 15_000;

interface Stored extends Recovered {
  at: number;
}

/**
 * Drafts of one account. `storage` is a function because the mere look at `localStorage` throws where it is forbidden.
 * Never throws.
 */
export function createDrafts(owner: string, storage: () => Storage | null, now: () => number = Date.now): Drafts {
  const memory = new Map<string, string>();
  const attached = new Map<string, readonly Attachment[]>();
  const prefix = `${PREFIX}${owner}.`;

  const mirrored = (key: string, text: string, files: number): void => {
    memory.set(key, text);
    attempt(() => keep(storage(), prefix, key, { text, files, at: now() }), undefined);
  };
  const write = (key: string, text: string, mirror = true): void => {
    if (mirror) mirrored(key, text, 0);
    else memory.set(key, text);
  };

  return {
    write,
    hold: (key, message, text, files) => mirrored(key + HELD + message, text, files),
    settle: (key, message) => write(key + HELD + message, ""),
    recover(key, arrived) {
      const store = attempt(storage, null);
      if (!store) return [];
      return attempt(() => {
        const found: Recovered[] = [];
        for (const name of oldestFirst(store, prefix + key + HELD)) {
          const message = name.slice((prefix + key + HELD).length);
          const held = parse(store.getItem(name));
          // One dated later than now was held before the clock was set back, not a moment ago.
          if (memory.has(key + HELD + message) || !held || Math.abs(now() - held.at) < SETTLED_BY_NOW) continue;
          store.removeItem(name);
          if (!arrived(message)) found.push({ text: held.text, files: held.files });
        }
        return found;
      }, []);
    },
    files: (key) => attached.get(key) ?? NO_FILES,
    setFiles: (key, files) => void attached.set(key, files),
    read(key) {
      const known = memory.get(key);
      if (known !== undefined) return known;
      const text = parse(attempt(() => storage()?.getItem(prefix + key) ?? null, null))?.text ?? "";
      memory.set(key, text);
      return text;
    },
    clear() {
      memory.clear();
      attached.clear();
      attempt(() => {
        const store = storage();
        if (store) for (const name of namesOf(store, prefix)) store.removeItem(name);
      }, undefined);
    },
  };
}

function keep(store: Storage | null, prefix: string, key: string, draft: Stored): void {
  if (!store) return;
  const { text } = draft;
  if (text === "" || text.length > LONGEST) {
    store.removeItem(prefix + key);
    return;
  }
  const value = JSON.stringify(draft);
  const others = oldestFirst(store, prefix).filter((name) => name !== prefix + key);
  while (others.length >= KEPT) store.removeItem(others.shift() ?? "");
  // Full: older drafts make room one by one; a draft that does not fit alone stays in memory.
  while (!stored(store, prefix + key, value)) {
    const oldest = others.shift();
    if (oldest === undefined) {
      store.removeItem(prefix + key); // an older state of this draft must not come back as if it were the last
      return;
    }
    store.removeItem(oldest);
  }
}

function oldestFirst(store: Storage, prefix: string): string[] {
  const at = (name: string): number => parse(store.getItem(name))?.at ?? 0;
  return namesOf(store, prefix).sort((a, b) => at(a) - at(b));
}

function namesOf(store: Storage, prefix: string): string[] {
  const names: string[] = [];
  for (let i = 0; i < store.length; i++) {
    const name = store.key(i);
    if (name?.startsWith(prefix)) names.push(name);
  }
  return names;
}

/** Storage is shared with everything on this origin and edited by hand: what is not a draft is no draft. */
function parse(value: string | null): Stored | null {
  if (value === null) return null;
  const parsed: unknown = attempt(() => JSON.parse(value), null);
  if (typeof parsed !== "object" || parsed === null) return null;
  if (!("text" in parsed) || typeof parsed.text !== "string") return null;
  const at = "at" in parsed && typeof parsed.at === "number" ? parsed.at : 0;
  const files = "files" in parsed && typeof parsed.files === "number" ? parsed.files : 0;
  return { text: parsed.text, files, at };
}

function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

function stored(store: Storage, name: string, value: string): boolean {
  return attempt(() => {
    store.setItem(name, value);
    return true;
  }, false);
}
