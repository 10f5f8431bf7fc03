/** What can be done with a conversation. In: the conversation. Out: actions that show at once, are undone where refused, and say why. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { deleteConversation, patchConversation, restoreConversation } from "@/api/actions";
import { type Pages, patchedConversation, withConversation, withoutConversation } from "@/api/list-cache";
import { keys } from "@/api/queries";
import type { Conversation, ConversationPatch, ConversationSummary } from "@/api/types";
import { failureText } from "@/components/error-state";
import { useNotify } from "@/components/toast";
import { type Key, useT } from "@/i18n";

export interface ConversationActions {
  rename: (one: ConversationSummary, title: string) => void;
  pin: (one: ConversationSummary, pinned: boolean) => void;
  archive: (one: ConversationSummary, archived: boolean) => void;
  remove: (one: ConversationSummary) => void;
  /** "" is the server's default. */
  chooseModel: (one: ConversationSummary, model: string) => void;
}

export function useConversationActions(): ConversationActions {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const notify = useNotify();
  const t = useT();
  const open = useParams({ strict: false, select: ({ id }) => id });
  // Undo is pressed seconds later, by when words or the open conversation may be others: it reads what is so then.
  const now = useRef({ t, open });
  now.current = { t, open };

  return useMemo(() => {
    const title = (one: ConversationSummary) => one.title || now.current.t("shell.untitled");
    const failed = (key: Key) => (error: unknown) => {
      const { t } = now.current;
      notify({ key: "conversation", kind: "failed", text: t(key, { reason: failureText(error, t) }) });
      refetch(cache);
    };

    async function change(one: ConversationSummary, patch: ConversationPatch, shown: Partial<ConversationSummary>) {
      const back = await show(cache, one, shown);
      try {
        await patchConversation(one.id, patch);
        refetch(cache, one.id);
        if (patch.model !== undefined) void cache.invalidateQueries({ queryKey: keys.contexts(one.id) });
      } catch (error) {
        back();
        throw error;
      }
    }

    async function remove(one: ConversationSummary): Promise<void> {
      const wasOpen = now.current.open === one.id;
      await cache.cancelQueries({ queryKey: keys.allConversations });
      eachList(cache, (pages) => withoutConversation(pages, one.id));
      if (wasOpen) void navigate({ to: "/" });
      // Asked for at once; undoing waits for it, since what is not deleted yet cannot be brought back.
      const deleting = deleteConversation(one.id);
      notify({
        key: "conversation",
        text: now.current.t("shell.deleted", { title: title(one) }),
        action: { label: now.current.t("common.undo"), run: () => void restore(one, deleting, wasOpen) },
      });
      await deleting.catch((error: unknown) => {
        putBack(cache, one);
        failed("shell.not_deleted")(error);
      });
    }

    async function restore(one: ConversationSummary, deleting: Promise<void>, wasOpen: boolean): Promise<void> {
      if ((await deleting.then(() => true).catch(() => false)) === false) return;
      putBack(cache, one);
      try {
        await restoreConversation(one.id);
        await cache.resetQueries({ queryKey: keys.conversation(one.id) });
        refetch(cache);
        if (wasOpen) void navigate({ to: "/c/$id", params: { id: one.id } });
      } catch (error) {
        eachList(cache, (pages) => withoutConversation(pages, one.id));
        failed("shell.not_restored")(error);
      }
    }

    function archive(one: ConversationSummary, archived: boolean): void {
      const shown = { archived: archived ? new Date().toISOString() : null };
      void change(one, { archived }, shown).catch(failed("shell.not_changed"));
      if (!archived) return;
      notify({
        key: "conversation",
        text: now.current.t("shell.archived_one", { title: title(one) }),
        action: { label: now.current.t("common.undo"), run: () => archive({ ...one, ...shown }, false) },
      });
    }

    return {
      rename(one, wanted) {
        const name = wanted.trim();
        if (name === "" || name === one.title) return;
        const shown = { title: name, titled_by: "person" } as const;
        void change(one, { title: name }, shown).catch(failed("shell.not_renamed"));
      },
      pin(one, pinned) {
        const shown = { pinned: pinned ? new Date().toISOString() : null };
        void change(one, { pinned }, shown).catch(failed("shell.not_changed"));
      },
      archive,
      remove: (one) => void remove(one),
      chooseModel: (one, model) => void change(one, { model }, { model }).catch(failed("shell.not_changed")),
    };
  }, [cache, navigate, notify]);
}

type Lists = [readonly unknown[], Pages | undefined][];

/** Shows a change before the server knows of it. Out: how to take it back. Fetches under way would overwrite it, so they end. */
async function show(cache: QueryClient, one: ConversationSummary, shown: Partial<ConversationSummary>) {
  await cache.cancelQueries({ queryKey: keys.allConversations });
  const lists: Lists = cache.getQueriesData<Pages>({ queryKey: keys.allConversations });
  const whole = cache.getQueryData<Conversation>(keys.conversation(one.id));
  eachList(cache, (pages) => patchedConversation(pages, one.id, shown));
  if (shown.archived !== undefined) {
    const [from, to] = shown.archived === null ? [true, false] : [false, true];
    eachList(cache, (pages) => withoutConversation(pages, one.id), from);
    eachList(cache, (pages) => withConversation(pages, { ...one, ...shown }), to);
  }
  cache.setQueryData<Conversation>(keys.conversation(one.id), (now) => now && { ...now, ...shown });
  return () => {
    for (const [key, pages] of lists) cache.setQueryData(key, pages);
    if (whole) {
      const before = Object.fromEntries(Object.keys(shown).map((name) => [name, Reflect.get(whole, name)]));
      cache.setQueryData<Conversation>(keys.conversation(one.id), (now) => now && { ...now, ...before });
    }
  };
}

function putBack(cache: QueryClient, one: ConversationSummary): void {
  eachList(cache, (pages) => withConversation(pages, one), one.archived !== null);
}

function eachList(cache: QueryClient, change: (pages: Pages) => Pages, archived?: boolean): void {
  const queryKey = archived === undefined ? keys.allConversations : keys.conversations(archived);
  cache.setQueriesData<Pages>({ queryKey }, (pages) => pages && change(pages));
}

function refetch(cache: QueryClient, id?: string): void {
  void cache.invalidateQueries({ queryKey: keys.allConversations });
  if (id !== undefined) void cache.invalidateQueries({ queryKey: keys.conversation(id) });
}
