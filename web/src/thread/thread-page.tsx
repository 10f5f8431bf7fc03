/** The conversation column. In: a conversation's id, or null for one that begins here. Out: the page of it. */

import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { ApiFailure } from "@/api/failure";
import { useConversation } from "@/api/queries";
import { reachability } from "@/api/reachability";
import { buttonClasses } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { wholeOf } from "./merge";
import { useNewChat } from "./new-chat";
import type { ThreadStore } from "./store";
import { moveDraft, newStore, storeOf, temporaryStore } from "./stores";
import { ThreadContext } from "./thread-context";
import { ThreadView } from "./thread-view";

export interface ThreadPageProps {
  conversationId: string | null;
  /** A message to bring into sight: a search hit. */
  messageId?: string | null;
}

export function ThreadPage({ conversationId, messageId = null }: ThreadPageProps) {
  return conversationId === null ? (
    <NewThread />
  ) : (
    <KeptThread key={conversationId} id={conversationId} message={messageId} />
  );
}

/** A conversation begins. It gets its address when its first message has arrived. */
function NewThread() {
  const t = useT();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [{ temporary }, choose] = useNewChat();
  // A temporary chat that is begun again is another one: `times` makes it anew.
  const [times, setTimes] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: words do not make another thread
  const store = useMemo(
    () => (temporary ? temporaryStore(cache, t("temporary.noModel")) : newStore(cache)),
    [cache, temporary, times],
  );
  const exists = useSyncExternalStore(store.subscribe, () => store.view().exists);

  useEffect(() => {
    if (!store.kept || !exists) return;
    moveDraft(cache, store.id);
    void navigate({ to: "/c/$id", params: { id: store.id }, replace: true });
  }, [cache, store, exists, navigate]);
  // Left behind, it is over: the next new chat is an ordinary one.
  useEffect(() => () => choose({ temporary: false, settings: {} }), [choose]);

  return (
    <Thread key={store.id} store={store}>
      <ThreadView
        conversation={undefined}
        target={null}
        onTemporary={(wanted) => {
          choose({ temporary: wanted });
          setTimes(times + 1);
        }}
      />
    </Thread>
  );
}

function KeptThread({ id, message }: { id: string; message: string | null }) {
  const t = useT();
  const cache = useQueryClient();
  const store = useMemo(() => storeOf(cache, id), [cache, id]);
  const { data, error, refetch } = useConversation(id);
  useEffect(() => {
    if (data) store.load(wholeOf(data));
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
  if (!known && !data) {
    if (error) return <ErrorState title={t("thread.loadFailed")} error={error} onRetry={() => void refetch()} />;
    return <Skeleton lines={8} className="mx-auto w-full max-w-measure px-6 py-10" />;
  }
  return (
    <Thread store={store}>
      <ThreadView conversation={data} target={message} />
    </Thread>
  );
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
