/** Hits in an excerpt. In: a text and half-open ranges of it (UTF-16 units). Out: pieces in order, marked or not, that join to the text. */
export interface Piece {
  text: string;
  marked: boolean;
  /** Where it begins in the text. */
  start: number;
}

/** pieces("the tide", [[4, 6]]) → "the " · "ti" marked · "de". Ranges that overlap, are empty or lie outside do no harm. */
export function pieces(text: string, marks: readonly (readonly [number, number])[]): Piece[] {
  const found: Piece[] = [];
  let place = 0;
  const add = (end: number, marked: boolean) => {
    if (end > place) found.push({ text: text.slice(place, end), marked, start: place });
    place = Math.max(place, end);
  };
  const ordered = marks
    .map(([from, to]) => [whole(text, from), whole(text, to)] as const)
    .filter(([from, to]) => from < to)
    .toSorted((a, b) => a[0] - b[0]);
  for (const [from, to] of ordered) {
    add(from, false);
    add(to, true);
  }
  add(text.length, false);
  return found;
}

/** Within the text, and never between the two halves of a character. */
function whole(text: string, place: number): number {
  const at = Math.min(Math.max(Math.trunc(place) || 0, 0), text.length);
  const isLow = /[\uDC00-\uDFFF]/.test(text.charAt(at));
  return isLow && /[\uD800-\uDBFF]/.test(text.charAt(at - 1)) ? at - 1 : at;
}
