/** One conversation in the rail. In: it, and whether it is open, renamed, or the stop of Tab. Out: a link with a menu, or a name field. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { KeyboardEvent, RefObject } from "react";
import { memo } from "react";
import { conversationQuery } from "@/api/queries";
import type { ConversationSummary } from "@/api/types";
import { classes } from "@/components/classes";
import { useT } from "@/i18n";
import { ConversationMenu } from "./conversation-menu";
import { RenameField } from "./rename-field";

export interface RailRowProps {
  conversation: ConversationSummary;
  open: boolean;
  renaming: boolean;
  tabStop: boolean;
  link: RefObject<HTMLAnchorElement | null> | null;
  onFocus: (id: string) => void;
  onKeyDown: (event: KeyboardEvent, conversation: ConversationSummary) => void;
  onOpen: () => void;
  onRename: (id: string) => void;
  onRenamed: (conversation: ConversationSummary, title: string | null) => void;
}

export const RailRow = memo(function RailRow(props: RailRowProps) {
  const { conversation, open, renaming, tabStop, link, onFocus, onKeyDown, onOpen, onRename, onRenamed } = props;
  const t = useT();
  const cache = useQueryClient();
  const title = conversation.title || t("shell.untitled");
  if (renaming) {
    return (
      <RenameField
        title={conversation.title}
        onDone={(name) => onRenamed(conversation, name)}
        onCancel={() => onRenamed(conversation, null)}
      />
    );
  }
  return (
    <div
      className={classes(
        "group relative flex h-full items-center rounded-1 transition",
        open ? "bg-raised text-ink shadow-1" : "text-ink-2 hover:bg-[color-mix(in_srgb,var(--ink)_5%,transparent)]",
      )}
    >
      <Link
        ref={link}
        to="/c/$id"
        params={{ id: conversation.id }}
        tabIndex={tabStop ? 0 : -1}
        aria-current={open ? "page" : undefined}
        onFocus={() => onFocus(conversation.id)}
        onKeyDown={(event) => onKeyDown(event, conversation)}
        // A press is nearly always a click: its messages are on their way while the button is down.
        onPointerDown={({ button }) => button === 0 && void cache.prefetchQuery(conversationQuery(conversation.id))}
        onDoubleClick={() => onRename(conversation.id)}
        onClick={onOpen}
        className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-1 px-2 -outline-offset-2 group-focus-within:pr-9 group-hover:pr-9 coarse:pr-11"
      >
        <span dir="auto" title={title} className="truncate">
          {title}
        </span>
        {conversation.running && (
          <span className="ml-auto flex flex-none items-center">
            <span aria-hidden className="size-1.5 rounded-full bg-sea motion-safe:animate-pulse" />
            <span className="sr-only">{` ${t("shell.answering")}`}</span>
          </span>
        )}
      </Link>
      <ConversationMenu
        conversation={conversation}
        label={t("shell.actions_for", { title })}
        onRename={() => onRename(conversation.id)}
        small
        skipTab={!tabStop}
        // Seen when the row is meant; never `display: none`, or focus could not come back to it from the menu.
        className="absolute right-0.5 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 aria-expanded:opacity-100 coarse:opacity-100"
      />
    </div>
  );
});
