/**
 * Pictures and sounds on their way to the server. In: files, by the draft that they belong to. Out: how far each is, then what it is
 * attached as.
 *
 * One after the other, so that they arrive in the order in which they were chosen. They go on while another conversation is shown.
 */
import { newId } from "@/api/id";
import type { Attachment } from "@/api/types";
import type { Taking } from "./attachments";

export interface Upload {
  readonly key: string;
  readonly name: string;
  /** Bytes, and how many of them have left. */
  readonly size: number;
  readonly sent: number;
  /** Why it did not arrive; it waits for the person then. */
  readonly failure: unknown;
}

export interface Uploads {
  /** Those of a draft; the same array until one of them changes. */
  of(draft: string): readonly Upload[];
  add(draft: string, files: readonly Taking[]): void;
  cancel(key: string): void;
  retry(key: string): void;
  /** What has arrived since, in order. */
  take(draft: string): Attachment[];
  /** What is on its way for one draft belongs to another from now on. */
  move(from: string, to: string): void;
  subscribe(changed: () => void): () => void;
  /** Ends all, and forgets them. */
  clear(): void;
}

export type Send = (
  name: string,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<Attachment>;

interface Going extends Upload {
  draft: string;
  file: Blob;
  ends: AbortController;
}

const NONE: readonly Upload[] = [];

export function createUploads(send: Send): Uploads {
  let going: readonly Going[] = [];
  let shown = new Map<string, readonly Upload[]>();
  const arrived = new Map<string, Attachment[]>();
  const leaving = new Set<string>(); // keys: the draft of one may be renamed while it is on its way
  const listeners = new Set<() => void>();

  function set(next: readonly Going[]): void {
    going = next;
    const drafts = [...new Set(next.map(({ draft }) => draft))];
    shown = new Map(drafts.map((draft) => [draft, next.filter((one) => one.draft === draft)]));
    for (const changed of listeners) changed();
  }
  const change = (key: string, part: Partial<Going>): void =>
    set(going.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const find = (key: string): Going | undefined => going.find((one) => one.key === key);

  async function pump(): Promise<void> {
    const busy = new Set(going.filter(({ key }) => leaving.has(key)).map(({ draft }) => draft));
    const one = going.find(({ failure, draft }) => failure === null && !busy.has(draft));
    if (!one) return;
    const { key } = one;
    leaving.add(key);
    try {
      const file = await send(one.name, one.file, (sent) => change(key, { sent }), one.ends.signal);
      const to = find(key)?.draft;
      if (to !== undefined) {
        arrived.set(to, [...(arrived.get(to) ?? []), file]);
        set(going.filter((other) => other.key !== key));
      }
    } catch (failure) {
      change(key, { failure, sent: 0 });
    } finally {
      leaving.delete(key);
    }
    void pump();
  }

  return {
    of: (draft) => shown.get(draft) ?? NONE,
    add(draft, files) {
      const added = files.flatMap(({ name, content }): Going[] => {
        if (!(content instanceof Blob)) return [];
        const ends = new AbortController();
        return [{ key: newId(), draft, name, size: content.size, sent: 0, failure: null, file: content, ends }];
      });
      set([...going, ...added]);
      void pump();
    },
    cancel(key) {
      find(key)?.ends.abort();
      set(going.filter((one) => one.key !== key));
    },
    retry(key) {
      change(key, { failure: null, ends: new AbortController() });
      void pump();
    },
    take(draft) {
      const files = arrived.get(draft) ?? [];
      arrived.delete(draft);
      return files;
    },
    move(from, to) {
      arrived.set(to, [...(arrived.get(to) ?? []), ...(arrived.get(from) ?? [])]);
      arrived.delete(from);
      set(going.map((one) => (one.draft === from ? { ...one, draft: to } : one)));
    },
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    clear() {
      for (const one of going) one.ends.abort();
      arrived.clear();
      set([]);
    },
  };
}
