/** The place of the conversation. In: the address. Out: its head and the thread, which stay mounted from "/" to the "/c/…" it becomes. */
import { useLocation, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useConversation } from "@/api/queries";
import { useT } from "@/i18n";
import { ThreadPage } from "@/thread/thread-page";
import { useDocumentTitle } from "./document-title";
import { ConversationHead } from "./header";

export function ThreadPlace() {
  const t = useT();
  const id = useParams({ strict: false, select: ({ id }) => id }) ?? null;
  const message = useLocation({ select: ({ hash }) => hash });
  const searched = useLocation({ select: ({ state }) => state.searched }) ?? "";
  // Another for every visit: the same hit may be gone to twice.
  const visit = useLocation({ select: ({ state }) => state.__TSR_key }) ?? "";
  const target = useMemo(() => (message ? { message, searched, visit } : null), [message, searched, visit]);
  const title = useConversation(id).data?.title;
  useDocumentTitle(title || t("shell.new_chat"));
  return (
    <>
      <ConversationHead conversationId={id} />
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col">
        <ThreadPage conversationId={id} target={target} />
      </main>
    </>
  );
}
