/**
 * Which rows of a long conversation stand in the page. In: the rows near the window, and those that stand. Out: those that are to stand.
 *
 * Rows come and go many at a time, well before they are seen. Making one takes longer than a slow machine has for a frame: one
 * at a time, every few frames of scrolling would be late; together they are one frame in forty, while what is seen stands
 * already. More than that are not kept: every half window of scrolling, the browser walks through all that stand.
 */

/** Pixels above and below the window in which every row stands. */
const NEEDED = 400;
/** Pixels that are filled with rows, whenever any are made, on the side where one was missing. */
const MADE = 1_600;
/** Pixels in which rows that stand are left alone then, on the other side: whoever turns round finds them. */
const KEPT = 700;
/** Rows in sight, and so the rows beside them, are looked at again when another comes into sight: a high one takes long. */
const BESIDE = 2;

/** Rows from `first` up to, and without, `end`. */
export interface Standing {
  readonly first: number;
  readonly end: number;
}

/** The rows in sight, and where all rows are. */
export interface Sight {
  startIndex: number;
  endIndex: number;
  count: number;
  /** The rows that reach into so many pixels around the window. */
  within: (pixels: number) => Standing;
}

export const NONE: Standing = { first: 0, end: 0 };

/** What stands at first, when nothing but being seen counts: the rest is made a moment later. */
export function inSight({ startIndex, endIndex, count }: Omit<Sight, "within">): Standing {
  return { first: Math.max(0, startIndex - 1), end: Math.max(0, Math.min(count, endIndex + 2)) };
}

/** The same object comes back as long as it holds what is needed. */
export function standing(sight: Sight, before: Standing): Standing {
  const needed = around(sight, NEEDED);
  const above = needed.first < before.first;
  const below = needed.end > before.end;
  // Those of another place, or of a conversation that was longer, are of no use here.
  const elsewhere = before.end <= needed.first || before.first >= needed.end || before.end > sight.count;
  if (!above && !below && !elsewhere) return before;
  const made = around(sight, MADE);
  if (elsewhere) return made;
  const kept = around(sight, KEPT);
  return {
    first: above ? made.first : Math.max(before.first, kept.first),
    end: below ? made.end : Math.min(before.end, kept.end),
  };
}

function around({ startIndex, endIndex, count, within }: Sight, pixels: number): Standing {
  const { first, end } = within(pixels);
  return {
    first: Math.max(0, Math.min(first, startIndex - BESIDE)),
    end: Math.max(0, Math.min(count, Math.max(end, endIndex + 1 + BESIDE))),
  };
}

export function indexesOf({ first, end }: Standing): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
}
