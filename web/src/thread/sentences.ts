/**
 * An answer as it grows comes in; the sentences that are whole by now, as one would read them aloud, go out.
 *
 * A screen reader that is told every token stutters, one that is told the end only is silent for a minute. Markdown's
 * marks are left out; code is not read letter by letter but counted.
 */

export interface Reading {
  /** To be said now, in order. */
  sentences: string[];
  /** How far into the text that reaches, in UTF-16 units: where to go on. */
  upTo: number;
}

export interface Words {
  /** What is said for a block of code of so many lines. */
  code: (lines: number) => string;
}

/** A sentence ends at its mark before a space, at a full-width mark, or with its line. */
const ENDS = /[.!?…]+["'”’»)\]]*(?=\s)|[。！？]+[」』）]*|\n/g;
const FENCE = /^(```+|~~~+)/;

/** What can be said of `text` from `from` on; `ended`: the rest too, whole or not. */
export function read(text: string, from: number, ended: boolean, words: Words): Reading {
  const sentences: string[] = [];
  let at = from;
  while (at < text.length) {
    const fence = startsLine(text, at) ? FENCE.exec(text.slice(at, at + 80)) : null;
    const next = fence ? codeBlock(text, at, fence[1] ?? "```", ended, words) : sentence(text, at, ended);
    if (!next) break;
    if (next.said !== "") sentences.push(next.said);
    at = next.end;
  }
  return { sentences, upTo: at };
}

function startsLine(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === "\n";
}

function sentence(text: string, at: number, ended: boolean): { said: string; end: number } | null {
  ENDS.lastIndex = at;
  const found = ENDS.exec(text);
  if (!found && !ended) return null;
  const end = found ? ENDS.lastIndex : text.length;
  // A full-width mark is the end whatever follows, but another one, or a quote that closes, still belongs to it.
  if (!ended && end === text.length && text[end - 1] !== "\n") return null;
  const piece = text.slice(at, end);
  // "1." at the head of a line is a number of a list, no sentence.
  if (found && /^\s*(\d+|[a-z])\.$/i.test(piece)) {
    const more = sentence(text, end, ended);
    return more && { said: `${plain(piece)} ${more.said}`.trim(), end: more.end };
  }
  return { said: plain(piece), end };
}

function codeBlock(
  text: string,
  at: number,
  fence: string,
  ended: boolean,
  words: Words,
): { said: string; end: number } | null {
  const close = text.indexOf(`\n${fence}`, at);
  if (close < 0 && !ended) return null;
  const body = text.slice(at, close < 0 ? text.length : close);
  const lineEnd = close < 0 ? -1 : text.indexOf("\n", close + 1);
  if (close >= 0 && lineEnd < 0 && !ended) return null;
  const lines = body.split("\n").length - 1;
  return { said: words.code(lines), end: lineEnd < 0 ? text.length : lineEnd + 1 };
}

/** A piece of Markdown without its marks. */
export function plain(piece: string): string {
  return piece
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(#{1,6}|>|[-*+])\s+/, "")
    .replace(/^\s*\|?[\s:|-]*-{3}[\s:|-]*$/, "")
    .replace(/\s*\|\s*/g, ", ")
    .replace(/[*_~`]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}/g, "")
    .replace(/^[\s,]+|[\s,]+$/g, "")
    .replace(/\s+/g, " ");
}
