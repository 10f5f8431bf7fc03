/** The conversation column. In: a conversation's id, or null for one that begins here. Out: the page of it. */

import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { ApiFailure } from "@/api/failure";
import { useConversation } from "@/api/queries";
import { reachability } from "@/api/reachability";
import { buttonClasses } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { wholeOf } from "./merge";
import { useNewChat } from "./new-chat";
import { newStore, storeOf, temporaryStore } from "./stores";
import { ThreadContext } from "./thread-context";
import { type Target, ThreadView } from "./thread-view";
import type { ThreadStore } from "./view";

export interface ThreadPageProps {
  conversationId: string | null;
  /** A message to bring into sight: a search hit. */
  target?: Target | null;
}

export function ThreadPage({ conversationId, target = null }: ThreadPageProps) {
  const t = useT();
  const [store, begin] = useThread(conversationId);
  const { data, error, refetch } = useConversation(conversationId);
  useEffect(() => {
    if (data && data.id === store.id) store.load(wholeOf(data));
  }, [store, data]);
  const known = useSyncExternalStore(store.subscribe, () => store.view().thread.path.length > 0);

  if (error instanceof ApiFailure && error.status === 404) {
    return (
      <ErrorState title={t("thread.gone")} error={error}>
        <p className="text-ink-2">{t("thread.goneText")}</p>
        <Link to="/" className={buttonClasses("plain", "mt-3")}>
          {t("thread.newChat")}
        </Link>
      </ErrorState>
    );
  }
  if (conversationId !== null && !known && !data) {
    if (error) return <ErrorState title={t("thread.loadFailed")} error={error} onRetry={() => void refetch()} />;
    return <Skeleton lines={8} className="mx-auto w-full max-w-measure px-6 py-10" />;
  }
  return (
    // The same store on the way from "/" to its address: nothing is made anew, focus and scrolling stay.
    <Thread key={store.id} store={store}>
      <ThreadView conversation={data} target={target} {...(conversationId === null ? { onTemporary: begin } : {})} />
    </Thread>
  );
}

/** The thread of an address, and how to begin another one where none is fixed yet. */
function useThread(id: string | null): [ThreadStore, (temporary: boolean) => void] {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [{ temporary }, choose] = useNewChat();
  const store = useMemo(() => {
    if (id !== null) return storeOf(cache, id);
    return temporary ? temporaryStore(cache) : newStore(cache);
  }, [cache, id, temporary]);
  const exists = useSyncExternalStore(store.subscribe, () => store.view().exists);
  const fresh = id === null;

  useEffect(() => {
    if (fresh && store.kept && exists) void navigate({ to: "/c/$id", params: { id: store.id }, replace: true });
  }, [fresh, store, exists, navigate]);
  useEffect(() => {
    if (!fresh) return;
    // Left behind, it is over: the next new chat is an ordinary one.
    return () => choose({ temporary: false, settings: {} });
  }, [fresh, choose]);

  return [store, (wanted) => choose({ temporary: wanted })];
}

/** The store around the page, looked at as long as the page is there. */
function Thread({ store, children }: { store: ThreadStore; children: React.ReactNode }) {
  useEffect(() => store.open(), [store]);
  useEffect(
    () =>
      reachability.subscribe(() => {
        if (reachability.reached) store.reached();
      }),
    [store],
  );
  return <ThreadContext value={store}>{children}</ThreadContext>;
}
