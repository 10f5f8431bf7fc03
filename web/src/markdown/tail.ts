/** The unfinished end of an answer. In: Markdown cut off anywhere. Out: the same, closed so that what follows changes as little as can be. */
import { MAX_STRETCH } from "./limits";
import { mendInline } from "./tail-inline";
import { closeTable } from "./tail-table";

export interface Mended {
  text: string;
  /** A formula that has begun: taken off the text, to be shown as it is written until it ends. */
  formula: string | null;
}

/** What may stand in front of a line's own text: quote marks and list markers. */
const PREFIX = /^(?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*/;

/**
 * Closes what is open (fences, emphasis, code, tables) and holds back what does not say yet what it is: half a link
 * (shown as its text), half a marker, half a rule, half a definition.
 *
 * mend("a **bo") → { text: "a **bo**", formula: null }; mend("see [the docs](https://exa") → { text: "see the docs", … }
 */
export function mend(tail: string): Mended {
  const fence = openFence(tail);
  if (fence) return { text: mendFence(tail, fence), formula: null };
  const start = lastParagraph(tail);
  const region = tail.slice(start);
  if (region.length > MAX_STRETCH) return { text: tail, formula: null };
  const before = tail.slice(0, start);
  const whole = holdBack(region);
  const formula = openFormula(whole);
  const text = formula < 0 ? whole : whole.slice(0, formula);
  return { text: before + mendRun(text), formula: formula < 0 ? null : whole.slice(formula) };
}

interface Fence {
  marks: string;
  /** Its opening line is the last one, and may still grow. */
  opening: boolean;
}

/** The code fence that is open at the end. */
function openFence(text: string): Fence | null {
  let open: string | null = null;
  let last = -1;
  if (!/`{3}|~{3}/.test(text)) return null;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const bare = line.replace(PREFIX, "");
    if (open) {
      const closes = /^(`{3,}|~{3,})[ \t]*$/.exec(bare)?.[1];
      if (closes?.startsWith(open)) open = null;
    } else {
      const opens = /^(?:(`{3,})[^`]*|(~{3,}).*)$/.exec(bare);
      if (opens) {
        open = opens[1] ?? opens[2] ?? null;
        last = index;
      }
    }
  }
  return open ? { marks: open, opening: last === lines.length - 1 } : null;
}

/** Without half a closing fence; without half a language. */
function mendFence(text: string, { marks, opening }: Fence): string {
  const line = text.lastIndexOf("\n") + 1;
  if (opening) return text.slice(0, text.indexOf(marks, line) + marks.length);
  const half = /^[ \t>]*(`+|~+)$/.exec(text.slice(line))?.[1];
  return half && marks.startsWith(half) ? text.slice(0, Math.max(0, line - 1)) : text;
}

/** Where the last paragraph begins: after the last blank line. */
function lastParagraph(text: string): number {
  let start = 0;
  for (const found of text.matchAll(/\n[ \t>]*\n/g)) start = found.index + found[0].length;
  return start;
}

/** Without a last line that may become a marker, a heading, a rule, an underline, a fence or a definition. */
function holdBack(region: string): string {
  const at = region.lastIndexOf("\n") + 1;
  const line = region.slice(at).replace(/(^|[^\\])\\$/, "$1");
  const bare = line.replace(PREFIX, "");
  const marker = /^(?:[-=*_+]+|(?:[-*_] +)+[-*_]?|\d{1,9}[.)]|#{1,6}|`{1,2}|~{1,2}|\||\[[ xX]?\]?)[ \t]*$/.test(bare);
  const bareMarker = bare === "" && /\S/.test(line);
  const definition = /^\[[^\]^][^\]]*\]:/.test(bare);
  if (!marker && !bareMarker && !definition) return region.slice(0, at) + line;
  return region.slice(0, Math.max(0, at - 1));
}

/** Where a display or bracketed formula opens that does not close, or -1. A single dollar promises nothing. */
function openFormula(region: string): number {
  const environment = /(?:^|\n) {0,3}(?=\\begin\{([a-zA-Z]+\*?)\}(?![\s\S]*\\end\{\1\}))/.exec(region);
  for (let at = 0; at < region.length; at++) {
    const character = region[at];
    if (character === "`") {
      const run = /^`+/.exec(region.slice(at))?.[0] ?? "`";
      const end = region.indexOf(run, at + run.length);
      if (end < 0) return -1; // inside code, which closes first
      at = end + run.length - 1;
    } else if (region.startsWith("$$", at) || region.startsWith("\\[", at) || region.startsWith("\\(", at)) {
      const close = character === "$" ? "$$" : region[at + 1] === "[" ? "\\]" : "\\)";
      const end = region.indexOf(close, at + 2);
      // "\[1\]" is a bracket that somebody escaped: it stays text until it closes
      if (end < 0) return /^\\\[[\d\p{L} ]*$/u.test(region.slice(at)) ? -1 : at;
      at = end + 1;
    } else if (character === "\\") at++;
  }
  return environment ? environment.index + environment[0].length : -1;
}

/** The last run of text in the paragraph, closed: what stands in other items, lines and cells is left alone. */
function mendRun(region: string): string {
  const table = closeTable(region);
  if (table !== null) return table;
  const start = runStart(region);
  return region.slice(0, start) + mendInline(region.slice(start));
}

/** Where the last run of text begins: behind the last marker, heading, fence or bar. A quote's next line goes on with its run. */
function runStart(region: string): number {
  let start = 0;
  let at = 0;
  let quoted = false;
  for (const line of region.split("\n")) {
    const next = at + line.length + 1;
    const prefix = PREFIX.exec(line)?.[0] ?? "";
    const bare = line.slice(prefix.length);
    const quote = /^[ \t>]*>[ \t>]*$/.test(prefix);
    if (/^(?:`{3}|~{3})/.test(bare)) start = next;
    else if (/^#{1,6}[ \t]/.test(bare)) start = next > region.length ? at + prefix.length : next;
    else if (bare.startsWith("|")) start = at + line.lastIndexOf("|") + 1;
    else if (prefix.trim() && !(quote && quoted)) start = at + prefix.length;
    quoted = quote;
    at = next;
  }
  return Math.min(start, region.length);
}
