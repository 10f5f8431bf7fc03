/**
 * Which rows of a long conversation stand in the page. In: the rows in sight, and those that stand. Out: those that are to stand.
 *
 * Rows come and go many at a time, well before they are seen. Making one takes longer than a slow machine has for a frame: one
 * at a time, every few frames of scrolling would be late; together they are one frame in fifty, while what is seen stands already.
 */

/** Rows above and below those in sight that stand at least. */
const AHEAD = 6;
/** Rows beyond them that are made, too, whenever any are made. */
const MORE = 10;

export interface Sight {
  startIndex: number;
  endIndex: number;
  count: number;
}

/** From `first` up to, and without, `end`. */
export interface Standing {
  readonly first: number;
  readonly end: number;
}

export const NONE: Standing = { first: 0, end: 0 };

/** What stands at first, when nothing but being seen counts: the rest is made a moment later. */
export function inSight({ startIndex, endIndex, count }: Sight): Standing {
  return { first: Math.max(0, startIndex - 1), end: Math.max(0, Math.min(count, endIndex + 2)) };
}

/**
 * standing({ startIndex: 50, endIndex: 54, count: 100 }, NONE) → { first: 34, end: 71 }
 *
 * The same object comes back as long as it holds what is needed: down to startIndex 40 and up to endIndex 64 here.
 */
export function standing({ startIndex, endIndex, count }: Sight, before: Standing): Standing {
  const enough =
    before.end <= count &&
    before.first <= Math.max(0, startIndex - AHEAD) &&
    before.end >= Math.min(count, endIndex + 1 + AHEAD) &&
    before.end - before.first <= endIndex + 1 - startIndex + 3 * (AHEAD + MORE);
  if (enough) return before;
  return {
    first: Math.max(0, startIndex - AHEAD - MORE),
    end: Math.max(0, Math.min(count, endIndex + 1 + AHEAD + MORE)),
  };
}

export function indexesOf({ first, end }: Standing): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
}
