/** What stands in the composer. In: the thread. Out: text and files that survive a switch, a reload and a failed send. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { Attachment } from "@/api/types";
import { useNotify } from "@/components/toast";
import { useT } from "@/i18n";
import { joined, type Typed, typedIn } from "./send";
import { draftsOf, NEW_DRAFT, uploadsOf } from "./stores";
import { useStore, useView } from "./thread-context";
import type { Upload, Uploads } from "./uploads";

/** Read with `useTyped`: the page around the composer is not rendered for each key. */
export interface Draft {
  /** What pictures and sounds that are on their way belong to (`uploads`). */
  key: string;
  uploads: Uploads;
  typed: () => Typed;
  subscribe: (changed: () => void) => () => void;
  setText: (text: string) => void;
  setFiles: (files: readonly Attachment[]) => void;
  /** Behind those that are there: reading files takes time, and others may have come. */
  addFiles: (files: readonly Attachment[]) => void;
  /** Sends what stands here, as the next message. */
  send: () => void;
  /** Puts something back in front of what stands here. */
  give: (typed: Typed) => void;
  /** Takes back a request that failed, or waits its turn: its message stands here again. */
  undo: (request: string) => void;
}

export function useDraft(): Draft {
  const t = useT();
  const notify = useNotify();
  const store = useStore();
  const cache = useQueryClient();
  const drafts = draftsOf(cache);
  const uploads = uploadsOf(cache);
  const loaded = useView((view) => view.thread.path.length > 0);
  const exists = useView((view) => view.exists);
  const key = store.kept ? (exists ? store.id : NEW_DRAFT) : `temporary.${store.id}`;
  const [shown] = useState(() => observed<Typed>({ text: drafts.read(key), attachments: drafts.files(key) }));

  const set = useCallback(
    (next: Typed) => {
      drafts.write(key, next.text, store.kept);
      drafts.setFiles(key, next.attachments);
      shown.set(next);
    },
    [drafts, key, store, shown],
  );
  const now = useCallback((): Typed => ({ text: drafts.read(key), attachments: drafts.files(key) }), [drafts, key]);
  const give = useCallback((back: Typed) => set(joined(back, now())), [set, now]);

  useEffect(() => {
    if (!store.kept || (key !== NEW_DRAFT && !loaded)) return;
    const found = drafts.recover(key, (message) => store.view().thread.messages.has(message));
    if (found.length === 0) return;
    for (const { text } of found) give({ text, attachments: [] });
    const files = found.some((one) => one.files > 0);
    notify({ text: t(files ? "composer.restoredFiles" : "composer.restored"), key: "restored" });
  }, [store, drafts, key, loaded, give, notify, t]);

  useEffect(() => {
    const look = (): void => {
      const arrived = uploads.take(key);
      if (arrived.length > 0) set({ text: now().text, attachments: [...now().attachments, ...arrived] });
    };
    look();
    return uploads.subscribe(look);
  }, [uploads, key, set, now]);

  return {
    key,
    uploads,
    typed: shown.get,
    subscribe: shown.subscribe,
    setText: (text) => set({ ...now(), text }),
    setFiles: (attachments) => set({ ...now(), attachments }),
    addFiles: (files) => set({ text: now().text, attachments: [...now().attachments, ...files] }),
    give,
    send() {
      const { text, attachments } = now();
      if (text.trim() === "" && attachments.length === 0) return;
      const send = store.send({ text, attachments });
      if (store.kept && send.kind === "message") drafts.hold(key, send.message.id, text, attachments.length);
      set({ text: "", attachments: [] });
    },
    undo: useCallback(
      (request: string) => {
        const send = store.undo(request);
        if (send?.kind === "message") drafts.settle(key, send.message.id);
        const back = send ? Promise.resolve(typedIn(send)) : store.withdraw(request);
        void back.then((typed) => typed && give(typed));
      },
      [store, drafts, key, give],
    ),
  };
}

/** `select` gives a part of what stands in the composer: rendered again when that part changes. */
export function useTyped<T>(draft: Draft, select: (typed: Typed) => T): T {
  return useSyncExternalStore(draft.subscribe, () => select(draft.typed()));
}

/** Pictures and sounds of the draft that have not arrived yet. It cannot be sent before they have, or are taken off. */
export function useUploads({ uploads, key }: Draft): readonly Upload[] {
  return useSyncExternalStore(uploads.subscribe, () => uploads.of(key));
}

/** A value, and whom to tell when it is another. */
function observed<T>(first: T) {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: (): T => value,
    set(next: T): void {
      value = next;
      for (const changed of listeners) changed();
    },
    subscribe(changed: () => void): () => void {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}
