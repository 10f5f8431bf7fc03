/**
 * The words of a search, marked where it led. In: the row of the message, and what was searched for. Out: marks that pass.
 *
 * They are highlights of the browser's own: the text in the page is not changed for them, so whoever lays it out keeps it.
 */
import { plainly } from "@/shell/palette-items";

const NAME = "found";
/** Milliseconds: long enough to be found by the eye, short enough not to be in the way of reading. */
const SHOWN = 5_000;
/** Frames until the row stands in a long conversation; after that it is not coming. */
const FRAMES = 60;

/** Every place where a word stands, whatever its case and accents. */
export function placesOf(root: Node, searched: string): Range[] {
  const words = plainly(searched)
    .split(/\s+/)
    .filter((word) => word !== "");
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found: Range[] = [];
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const { plain, from } = plainWithPlaces(node.nodeValue ?? "");
    for (const word of words) {
      for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) {
        const range = document.createRange();
        range.setStart(node, from[at] ?? 0);
        range.setEnd(node, from[at + word.length] ?? 0);
        found.push(range);
      }
    }
  }
  return found;
}

/** The text as it is searched, and where each of its units, and its end, stands in the text itself. */
function plainWithPlaces(text: string): { plain: string; from: number[] } {
  let plain = "";
  const from: number[] = [];
  let place = 0;
  for (const sign of text) {
    const one = plainly(sign);
    for (let unit = 0; unit < one.length; unit++) from.push(place);
    plain += one;
    place += sign.length;
  }
  from.push(place);
  return { plain, from };
}

/** Marks the words in a message once it stands in the page, and brings the first of them into sight. Ends with the signal. */
export function markFound(page: HTMLElement, message: string, searched: string, signal: AbortSignal): void {
  const look = (frames: number): void => {
    if (signal.aborted || frames === 0) return;
    const row = page.querySelector(`[data-message="${CSS.escape(message)}"]`);
    const places = row === null ? [] : placesOf(row, searched);
    if (places.length === 0) requestAnimationFrame(() => look(frames - 1));
    else mark(page, places, signal);
  };
  requestAnimationFrame(() => look(FRAMES));
}

function mark(page: HTMLElement, places: readonly Range[], signal: AbortSignal): void {
  const [first] = places;
  const window = page.getBoundingClientRect();
  const line = first?.getBoundingClientRect();
  if (line && (line.bottom > window.bottom || line.top < window.top)) {
    page.scrollTop += line.top - window.top - window.height / 3;
  }
  if (!("highlights" in CSS)) return; // a browser from before 2025: it was led to the message all the same
  CSS.highlights.set(NAME, new Highlight(...places));
  const end = (): void => void CSS.highlights.delete(NAME);
  const passing = setTimeout(end, SHOWN);
  signal.addEventListener("abort", () => {
    clearTimeout(passing);
    end();
  });
}
