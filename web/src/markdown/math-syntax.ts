/** Where formulas stand in text. In: text. Out: spans with their TeX. Knows no Markdown and no KaTeX. */
import { MAX_TEX } from "./limits";

export interface Formula {
  /** What was read, delimiters and all. */
  raw: string;
  tex: string;
  display: boolean;
}

const BLANK_LINE = /\n[ \t]*\n/;

/** Delimiters that open a formula wherever they stand; a single dollar has rules of its own. */
const PAIRS = [
  { open: "$$", close: "$$", display: true },
  { open: "\\[", close: "\\]", display: true },
  { open: "\\(", close: "\\)", display: false },
] as const;

/**
 * The formula that `text` begins with, or null.
 *
 * inlineFormula("$x^2$ grows", "") → { raw: "$x^2$", tex: "x^2", display: false }
 * inlineFormula("$5 and $6", "") → null
 *
 * @param before the character in front of the text, "" at the start
 */
export function inlineFormula(text: string, before: string): Formula | null {
  if (text.startsWith("$") && !text.startsWith("$$")) return dollar(text, before);
  const pair = PAIRS.find((one) => text.startsWith(one.open));
  if (!pair) return null;
  const end = closing(text, pair.open, pair.close);
  if (end < 0) return null;
  const raw = text.slice(0, end + 2);
  const tex = text.slice(2, end);
  if (!tex.trim() || BLANK_LINE.test(tex)) return null;
  if (pair.open === "\\[" && looksEscaped(tex, text.slice(end + 2))) return null;
  return { raw, tex: tex.trim(), display: pair.display };
}

/** `\[1\]`, `\[note\]` and `\[text\](address)` are brackets that somebody escaped. */
function looksEscaped(tex: string, after: string): boolean {
  return after.startsWith("(") || /^(\d+|[\p{L}]{2,}[\p{L} ]*)$/u.test(tex);
}

/** Where the closing delimiter begins, or -1. The same opening again, or none that closes, ends the search at once. */
function closing(text: string, open: string, close: string): number {
  const limit = Math.min(text.length - 1, MAX_TEX + 2);
  if (text.indexOf(close, 2) < 0) return -1;
  for (let at = 2; at < limit; at++) {
    if (text.startsWith(close, at)) return at;
    if (text.startsWith(open, at)) return -1;
    if (text[at] === "\\") at++;
  }
  return -1;
}

/**
 * Pandoc's rules for a single dollar, so that prices stay prices: something other than a space follows the first and
 * precedes the last, no letter or digit stands outside. Beyond them: "$5 or maybe 6$" begins with an amount and a word.
 */
function dollar(text: string, before: string): Formula | null {
  if (/[\p{L}\p{N}$\\]/u.test(before) || /^\$\s/.test(text)) return null;
  const limit = Math.min(text.length, MAX_TEX);
  for (let at = 1; at < limit; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === "`") return null;
    else if (character === "\n" && /^[ \t]*(\n|$)/.test(text.slice(at + 1, at + 80))) return null;
    else if (character === "$") {
      const tex = text.slice(1, at);
      if (!tex || /\s$/.test(tex) || /[\p{L}\p{N}$]/u.test(text[at + 1] ?? "")) return null;
      if (/^\d[\d.,]*(\s+\p{L}{2,}|[-–—/]$)/u.test(tex)) return null;
      return { raw: text.slice(0, at + 1), tex, display: false };
    }
  }
  return null;
}

/** Environments that stand without delimiters, as models write them. */
const ENVIRONMENT = /^ {0,3}\\begin\{((?:equation|align|alignat|gather|multline|eqnarray|cases|[pbvBV]?matrix)\*?)\}/;

/** The display formula that fills the lines `text` begins with, or null. Nothing else may stand on its last line. */
export function blockFormula(text: string): Formula | null {
  const environment = ENVIRONMENT.exec(text);
  if (environment) {
    const close = `\\end{${environment[1]}}`;
    const end = text.slice(0, MAX_TEX).indexOf(close);
    if (end < 0) return null;
    const tex = text.slice(0, end + close.length);
    return BLANK_LINE.test(tex) ? null : wholeLines(text, tex.length, tex.trim());
  }
  const opening = /^ {0,3}(\$\$|\\\[)/.exec(text);
  if (!opening) return null;
  const open = opening[1] === "$$" ? "$$" : "\\[";
  const start = opening[0].length - 2;
  const body = text.slice(start);
  const end = closing(body, open, open === "$$" ? "$$" : "\\]");
  if (end < 0) return null;
  const tex = body.slice(2, end);
  if (!tex.trim() || BLANK_LINE.test(tex) || (open === "\\[" && looksEscaped(tex, body.slice(end + 2)))) return null;
  return wholeLines(text, start + end + 2, tex.trim());
}

function wholeLines(text: string, end: number, tex: string): Formula | null {
  const rest = /^[ \t]*(\n|$)/.exec(text.slice(end, end + 200));
  return rest ? { raw: text.slice(0, end + rest[0].length), tex, display: true } : null;
}

/** The text with every formula's inside replaced by letters of the same length, so that no star or underscore in it is emphasis. */
export function maskFormulas(text: string, masked: string): string {
  if (!/[$\\]/.test(text)) return masked;
  let out = "";
  let last = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character !== "$" && character !== "\\") continue;
    const formula = inlineFormula(text.slice(at, at + MAX_TEX), text[at - 1] ?? "");
    if (formula) {
      out += masked.slice(last, at) + "a".repeat(formula.raw.length);
      last = at + formula.raw.length;
      at = last - 1;
    } else at++; // an escape takes the next character along; "$$" that opens nothing opens nothing at its second dollar either
  }
  return out + masked.slice(last);
}
