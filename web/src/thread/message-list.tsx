/**
 * The turns of the shown path. In: the path. Out: its messages, all of them while they are few, else those near the eye.
 *
 * Short conversations stand in the page whole: find-in-page, printing and a screen reader's list of headings see them. In a
 * long one only the rows around the window exist; the others are room kept above and below, in the flow of the page.
 */
import { memo, type RefObject, startTransition, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useT } from "@/i18n";
import { Answer } from "./answer";
import { Question } from "./question";
import { inSight, NONE, type Sight, type Standing, standing } from "./rows";
import { useStore, useView } from "./thread-context";
import { useRows } from "./use-rows";
import { whenIdle } from "./when-idle";

/** Rows that are simply there; measured, 60 turns of Markdown lay out in a few milliseconds. */
const FEW = 60;
const GAP = 24; // px between messages, as the look has it

export interface MessageListProps {
  scroller: RefObject<HTMLElement | null>;
  isFollowing: () => boolean;
  /** The oldest message that is still sent to the model, where some are not. */
  sentFrom: string | null;
  /** A message to bring into sight (a search hit), once. */
  target: string | null;
  onTarget: () => void;
  onUndo: (request: string) => void;
}

export const MessageList = memo(function MessageList({
  scroller,
  isFollowing,
  sentFrom,
  target,
  onTarget,
  onUndo,
}: MessageListProps) {
  const t = useT();
  const store = useStore();
  const path = useView((view) => view.thread.path);
  const printing = useRef(false);
  const [, again] = useReducer((times: number) => times + 1, 0);
  const all = path.length <= FEW || printing.current;

  // Asked for every row whenever one of them was measured: the guess is made once.
  const guess = useMemo(() => {
    const known = new Map<number, number>();
    return (index: number): number => {
      const before = known.get(index);
      if (before !== undefined) return before;
      const height = estimate(store.view().thread.messages.get(path[index] ?? "")?.content.length ?? 0);
      known.set(index, height);
      return height;
    };
  }, [store, path]);
  const stands = useRef(NONE);
  const [seen, setSeen] = useState(false);
  useEffect(() => whenIdle(() => startTransition(() => setSeen(true))), []);
  const stand = (sight: Sight): Standing => {
    if (all) return { first: 0, end: sight.count };
    stands.current = seen ? standing(sight, stands.current) : inSight(sight);
    return stands.current;
  };
  // A conversation opens at its foot: what is above is not made on the way there.
  const [foot] = useState(() => path.reduce((sum, _, at) => sum + guess(at) + GAP, 0) - window.innerHeight);
  const { list, indexes, above, below } = useRows({
    count: path.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => path[index] ?? index,
    estimateSize: guess,
    overscan: 0,
    stand,
    gap: GAP,
    initialRect: { width: 0, height: window.innerHeight },
    initialOffset: target === null ? Math.max(0, foot) : 0,
  });

  // Rows above the window that turn out higher or lower than guessed must not move what is read. An answer that grows at its
  // end while its beginning is above the window must not either, so a row that was measured counts only if it is all above.
  list.shouldAdjustScrollPositionOnItemSizeChange = (item, _, { itemSizeCache, scrollOffset }) => {
    const top = scrollOffset ?? 0;
    return !isFollowing() && (itemSizeCache.has(item.key) ? item.end <= top : item.start < top);
  };

  useEffect(() => {
    const whole = (now: boolean) => () => {
      printing.current = now;
      flushSync(again);
    };
    const [before, after] = [whole(true), whole(false)];
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, []);

  const index = target === null ? -1 : path.indexOf(target);
  useEffect(() => {
    if (index < 0) return;
    onTarget();
    list.scrollToIndex(index, { align: "start" });
  }, [index, list, onTarget]);

  return (
    <ol
      aria-label={t("thread.messages")}
      className="mx-auto flex max-w-measure flex-col"
      style={{ gap: GAP, paddingTop: above, paddingBottom: below }}
    >
      {indexes.map((index) => {
        const id = path[index] ?? "";
        return (
          <Row
            key={id || index}
            id={id}
            index={index}
            of={all ? null : path.length}
            sentFrom={id === sentFrom}
            measure={list.measureElement}
            onUndo={onUndo}
          />
        );
      })}
    </ol>
  );
});

interface RowProps {
  id: string;
  index: number;
  /** Of how many, where not all of them stand in the page. */
  of: number | null;
  sentFrom: boolean;
  measure: (row: HTMLLIElement | null) => void;
  onUndo: (request: string) => void;
}

/** A row that stands stays as it is when others come and go. */
const Row = memo(function Row({ id, index, of, sentFrom, measure, onUndo }: RowProps) {
  return (
    <li
      ref={measure}
      data-index={index}
      data-message={id}
      className="min-w-0"
      {...(of === null ? {} : { "aria-posinset": index + 1, "aria-setsize": of })}
    >
      {sentFrom && <SentFrom />}
      <Turn id={id} onUndo={onUndo} />
    </li>
  );
});

function Turn({ id, onUndo }: { id: string; onUndo: (request: string) => void }) {
  const role = useView((view) => view.thread.messages.get(id)?.role);
  if (role === undefined) return null;
  return role === "user" ? <Question id={id} /> : <Answer id={id} onUndo={onUndo} />;
}

function SentFrom() {
  const t = useT();
  return (
    <p className="mb-6 flex items-center gap-3 text-12 text-ink-3 before:h-px before:flex-1 before:bg-line-strong after:h-px after:flex-1 after:bg-line-strong">
      {t("context.from")}
    </p>
  );
}

/** A guess in pixels until the row was seen: a line of about 85 characters is 26 px high. */
function estimate(characters: number): number {
  return 72 + Math.ceil(characters / 85) * 26;
}
