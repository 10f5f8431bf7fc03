/** The conversations, by day. In: the server's list, page by page. Out: a list of which only the seen rows exist, walked by arrow keys. */
import { Link, useParams } from "@tanstack/react-router";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { everyConversation } from "@/api/list-cache";
import { useConversations } from "@/api/queries";
import type { ConversationSummary } from "@/api/types";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { grouped } from "./day-groups";
import { useHouse } from "./house-context";
import { useLook } from "./look-provider";
import { RailRow } from "./rail-row";
import { rowAfter, rowsOf, tabStop } from "./rail-rows";
import { useConversationActions } from "./use-conversation-actions";
import { useCoarsePointer, useToday } from "./use-media";

const HEADING = 36; // px
const ROW = { fine: 36, coarse: 46 };
const AHEAD = 10; // rows before the end at which the next page is asked for

export function RailList() {
  const t = useT();
  const { shown } = useLook();
  const today = useToday();
  const list = useConversations();
  const groups = useMemo(() => grouped(everyConversation(list.data), today, shown, t), [list.data, today, shown, t]);
  const rows = useMemo(() => rowsOf(groups), [groups]);
  if (list.isPending) return <Skeleton lines={6} className="px-2 py-6" />;
  if (list.isError && rows.length === 0) {
    return <ErrorState title={t("shell.list_failed")} error={list.error} onRetry={() => void list.refetch()} />;
  }
  if (rows.length === 0) return <None />;
  return <Rows rows={rows} more={list.hasNextPage && !list.isFetchingNextPage} onMore={list.fetchNextPage} />;
}

/** Nothing is listed: because nothing was said yet, or because all of it was put away. */
function None() {
  const t = useT();
  const { closeDrawer } = useHouse();
  const put = everyConversation(useConversations({ archived: true }).data).length > 0;
  if (!put) return <p className="px-2 py-6 text-ink-3">{t("shell.none_yet")}</p>;
  return (
    <p className="px-2 py-6 text-ink-3">
      {t("shell.all_archived")}{" "}
      <Link to="/archived" onClick={closeDrawer} className="font-[550] text-sea underline underline-offset-2">
        {t("shell.archived")}
      </Link>
    </p>
  );
}

interface RowsProps {
  rows: ReturnType<typeof rowsOf>;
  more: boolean;
  onMore: () => unknown;
}

function Rows({ rows, more, onMore }: RowsProps) {
  const t = useT();
  const { closeDrawer } = useHouse();
  const actions = useConversationActions();
  const open = useParams({ strict: false, select: ({ id }) => id });
  const [focused, setFocused] = useState<string | null>(null);
  const [renaming, setRenaming] = useState<string | null>(null);
  const pane = useRef<HTMLDivElement>(null);
  const link = useRef<HTMLAnchorElement>(null);
  const takeFocus = useRef(false);
  const stop = tabStop(rows, focused, open);
  const height = useCoarsePointer() ? ROW.coarse : ROW.fine;

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => pane.current,
    estimateSize: (place) => (rows[place]?.kind === "heading" ? HEADING : height),
    getItemKey: (place) => rows[place]?.key ?? place,
    overscan: 8,
    // The row that Tab stops at exists wherever the list is scrolled to.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      return stop < 0 || seen.includes(stop) ? seen : [...seen, stop].toSorted((a, b) => a - b);
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are asked for again when the rows' height changes
  useEffect(() => virtual.measure(), [height, virtual]);

  const last = virtual.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) onMore();
  }, [more, last, rows.length, onMore]);
  useEffect(() => {
    if (!takeFocus.current || renaming !== null) return;
    takeFocus.current = false;
    link.current?.focus();
  });

  const onKeyDown = useCallback(
    (event: KeyboardEvent, conversation: ConversationSummary) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const from = rows.findIndex((row) => row.key === conversation.id);
      const to = rowAfter(rows, from, event.key);
      const row = to === null ? undefined : rows[to];
      if (to !== null && row) {
        takeFocus.current = true;
        setFocused(row.key);
        // With the heading above it, which arrow keys pass over.
        virtual.scrollToIndex(rows[to - 1]?.kind === "heading" ? to - 1 : to);
      } else if (event.key === "F2") {
        setRenaming(conversation.id);
      } else if (event.key === "Delete") {
        const after = rows[rowAfter(rows, from, "ArrowDown") ?? rowAfter(rows, from, "ArrowUp") ?? -1];
        takeFocus.current = after !== undefined;
        setFocused(after?.key ?? null);
        actions.remove(conversation);
      } else return;
      event.preventDefault();
    },
    [rows, virtual, actions],
  );
  const onRenamed = useCallback(
    (conversation: ConversationSummary, title: string | null) => {
      takeFocus.current = true;
      setFocused(conversation.id);
      setRenaming(null);
      if (title !== null) actions.rename(conversation, title);
    },
    [actions],
  );

  return (
    <div ref={pane} className="-mx-3 min-h-0 flex-1 overflow-y-auto overscroll-contain px-3">
      <ul aria-label={t("shell.rail")} className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const place = { transform: `translateY(${item.start}px)`, height: item.size };
          return (
            <li key={item.key} className="absolute inset-x-0 top-0 py-px" style={place}>
              {row.kind === "heading" ? (
                <h2 className="px-2 pt-3.5 font-[550] text-12 text-ink-3">{row.label}</h2>
              ) : (
                <RailRow
                  conversation={row.conversation}
                  open={row.key === open}
                  renaming={row.key === renaming}
                  tabStop={item.index === stop}
                  link={item.index === stop ? link : null}
                  onFocus={setFocused}
                  onKeyDown={onKeyDown}
                  onOpen={closeDrawer}
                  onRename={setRenaming}
                  onRenamed={onRenamed}
                />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
