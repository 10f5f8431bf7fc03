/** One unfinished run of text. In: inline Markdown cut off anywhere. Out: the same, with what is open closed or held back. */

/** A bracket that stayed open longer than this is a bracket, not the beginning of a link. */
const LONGEST_LABEL = 300;

interface Opener {
  mark: string;
  length: number;
}

interface Run {
  text: string;
  /** Where the next character to read stands. */
  at: number;
  out: string;
  open: Opener[];
  ended: boolean;
}

/**
 * mendInline("a *b `c") → "a *b `c`*"
 * mendInline("a [b](htt") → "a b"
 * mendInline("a **") → "a "
 */
export function mendInline(text: string): string {
  const run: Run = { text, at: 0, out: "", open: [], ended: false };
  while (run.at < text.length && !run.ended) {
    const character = text[run.at] ?? "";
    if (character === "\\") take(run, 2);
    else if (character === "`") code(run);
    else if (character === "[") bracket(run);
    else if (character === "*" || character === "_" || character === "~") emphasis(run, character);
    else if (character === "$") dollar(run);
    else take(run, 1);
  }
  return closed(run.out, run.open);
}

function take(run: Run, count: number): void {
  run.out += run.text.slice(run.at, run.at + count);
  run.at += count;
}

/** A formula is taken whole: its underscores are no emphasis. */
function dollar(run: Run): void {
  const whole = /^\$\$[^$]+\$\$|^\$(?![\s$])[^$\n]*[^\s$]\$(?![\p{L}\p{N}])/u.exec(
    run.text.slice(run.at, run.at + 2_000),
  );
  take(run, whole?.[0].length ?? 1);
}

function code(run: Run): void {
  const rest = run.text.slice(run.at);
  const marks = /^`+/.exec(rest)?.[0] ?? "`";
  const close = new RegExp(`(?<!\`)${marks}(?!\`)`).exec(rest.slice(marks.length));
  if (close) {
    take(run, marks.length + close.index + marks.length);
    return;
  }
  run.ended = true;
  const inside = rest.slice(marks.length).replace(/`+$/, ""); // half of the closing marks
  if (inside.trim()) run.out += marks + inside + marks;
}

/** The rest of the run is a link, a footnote or a picture that has begun: its label stays, as text. */
function bracket(run: Run): void {
  const { text, at } = run;
  const end = closingBracket(text, at);
  const label = text.slice(at + 1, end < 0 ? text.length : end);
  const after = end < 0 ? "" : text.slice(end + 1);
  if (end >= 0 && after !== "" && !after.startsWith("(") && !after.startsWith("[")) {
    take(run, 1);
    return;
  }
  if (end >= 0 && after !== "") {
    const whole = address(after);
    if (whole > 0) {
      run.out += text.slice(at, end + 1 + whole);
      run.at = end + 1 + whole;
      return;
    }
  }
  if (label.length > LONGEST_LABEL || after.length > LONGEST_LABEL * 7) {
    take(run, 1);
    return;
  }
  run.ended = true;
  const picture = run.out.endsWith("!");
  if (picture) run.out = run.out.slice(0, -1);
  if (!label.startsWith("^")) run.out += mendInline(label.replace(/^[ xX]$/, ""));
}

/** The bracket that closes the one at `at`, or -1. */
function closingBracket(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    const character = text[index];
    if (character === "\\") index++;
    else if (character === "[") depth++;
    else if (character === "]" && --depth === 0) return index;
  }
  return -1;
}

/** How long the `(…)` or `[…]` is that `text` begins with, or 0 while it is open. */
function address(text: string): number {
  const open = text[0];
  const close = open === "(" ? ")" : "]";
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === "\\") index++;
    else if (character === open) depth++;
    else if (character === close && --depth === 0) return index + 1;
  }
  return 0;
}

function emphasis(run: Run, mark: string): void {
  const { text, at, open } = run;
  let length = 1;
  while (text[at + length] === mark) length++;
  const before = text[at - 1] ?? " ";
  const after = text[at + length] ?? "";
  if (mark === "~" && length !== 2) {
    take(run, length);
    return;
  }
  if (after === "") {
    // the end: these marks close what is open, or say nothing yet
    run.at += length;
    run.ended = true;
    const top = open.at(-1);
    if (top?.mark !== mark || !/\S/.test(before)) return;
    const total = open.filter((one) => one.mark === mark).reduce((sum, one) => sum + one.length, 0);
    if (length === top.length || length === total) close(open, mark, length);
    else return;
    run.out += mark.repeat(length);
    return;
  }
  let left = length;
  const word = mark === "_" && /[\p{L}\p{N}]/u.test(after);
  if (/\S/.test(before) && !word) left = close(open, mark, length);
  if (left > 0 && /\S/.test(after) && !/[0-9A-Za-z]/.test(before)) open.push({ mark, length: left });
  take(run, length);
}

/** Closes up to `length` marks, innermost first. Out: how many closed nothing. */
function close(open: Opener[], mark: string, length: number): number {
  let left = length;
  while (left > 0) {
    const index = open.findLastIndex((one) => one.mark === mark);
    const opener = open[index];
    if (!opener) break;
    open.length = index + 1; // what opened inside and did not close is text
    const used = Math.min(left, opener.length);
    left -= used;
    if (used === opener.length) open.pop();
    else open[index] = { mark, length: opener.length - used };
  }
  return left;
}

/** The marks that close everything, innermost first, before the spaces at the end (behind a space they would open). */
function closed(out: string, open: readonly Opener[]): string {
  if (open.length === 0) return out;
  const text = out.trimEnd();
  const marks = open.map((one) => one.mark.repeat(one.length)).reverse();
  return text + marks.join("") + out.slice(text.length);
}
