/** Conversations that were put away. In: the server's list. Out: links with their menus, older ones by a button. */
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { everyConversation } from "@/api/list-cache";
import { useConversations } from "@/api/queries";
import type { ConversationSummary } from "@/api/types";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { ConversationMenu } from "./conversation-menu";
import { PageHead } from "./header";
import { useLook } from "./look-provider";
import { RenameField } from "./rename-field";
import { useConversationActions } from "./use-conversation-actions";

export function ArchivedPage() {
  const t = useT();
  const list = useConversations({ archived: true });
  const conversations = everyConversation(list.data);
  const empty = list.isSuccess && conversations.length === 0;
  return (
    <>
      <PageHead title={t("shell.archived")} />
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto px-4 pb-8 md:px-6">
        <div className="mx-auto max-w-measure">
          {list.isPending && <Skeleton lines={5} className="py-4" />}
          {list.isError && (
            <ErrorState title={t("shell.list_failed")} error={list.error} onRetry={() => void list.refetch()} />
          )}
          {empty && <EmptyState title={t("shell.archived_none")}>{t("shell.archived_what")}</EmptyState>}
          <ul className="grid grid-cols-1 gap-0.5">
            {conversations.map((one) => (
              <Archived key={one.id} conversation={one} />
            ))}
          </ul>
          {list.hasNextPage && (
            <Button className="mt-4" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t("search.more")}
            </Button>
          )}
        </div>
      </main>
    </>
  );
}

function Archived({ conversation }: { conversation: ConversationSummary }) {
  const t = useT();
  const { shown } = useLook();
  const actions = useConversationActions();
  const [renaming, setRenaming] = useState(false);
  const menu = useRef<HTMLButtonElement>(null);
  const title = conversation.title || t("shell.untitled");
  const day = new Intl.DateTimeFormat(shown, { dateStyle: "medium" }).format(new Date(conversation.updated));
  return (
    <li className="-mx-3 flex min-h-11 items-center gap-2 rounded-2 px-3 transition hover:bg-sunken">
      {renaming ? (
        <RenameField
          title={conversation.title}
          onDone={(name) => {
            setRenaming(false);
            actions.rename(conversation, name);
          }}
          onCancel={() => setRenaming(false)}
          back={menu}
        />
      ) : (
        <Link
          to="/c/$id"
          params={{ id: conversation.id }}
          dir="auto"
          className="min-w-0 flex-1 truncate rounded-1 py-2 coarse:py-3"
        >
          {title}
        </Link>
      )}
      <time dateTime={conversation.updated} className="flex-none text-12 text-ink-3 tabular-nums">
        {day}
      </time>
      <ConversationMenu
        ref={menu}
        conversation={conversation}
        label={t("shell.actions_for", { title })}
        onRename={() => setRenaming(true)}
        className="-mr-2"
      />
    </li>
  );
}
