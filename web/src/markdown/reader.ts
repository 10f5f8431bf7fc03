/** An answer as it grows. In: all of its text, again and again. Out: its blocks; those that are finished are the same objects each time. */
import { type Converted, convert } from "./convert";
import { addFormula, unlinkEnd } from "./last-run";
import { type Lexed, type Links, lex, type Token } from "./lexer";
import { MAX_STRETCH, MAX_TEXT } from "./limits";
import { mend } from "./tail";

export interface Piece extends Converted {
  /** Where it begins in the text: stays the same while the text grows. */
  key: number;
  raw: string;
  /** The link definitions that were known when it was read, as one string; a text without brackets does not care. */
  links: string;
  /** It may still change. */
  open: boolean;
}

/**
 * Reading is a function of (text, streaming): the reader remembers, it does not decide. A text that is not the longer form
 * of the last one is read from its beginning.
 */
export class Reader {
  #text = "";
  #streaming = false;
  #pieces: readonly Piece[] = [];
  /** Finished pieces, the length of text they took, and the links they define. */
  #finished: Piece[] = [];
  #length = 0;
  #links: Links = {};

  /** Characters that no further text can change the reading of. */
  get settled(): number {
    return this.#length;
  }

  read(written: string, streaming: boolean): readonly Piece[] {
    const text = written.includes("\r") ? written.replace(/\r\n?/g, "\n") : written;
    if (text === this.#text && streaming === this.#streaming && this.#pieces.length > 0) return this.#pieces;
    if (!text.startsWith(this.#text.slice(0, this.#length))) this.#restart();
    const known = new Map(this.#pieces.map((piece) => [piece.key, piece]));
    const pieces = streaming ? this.#readTail(text, known) : readWhole(text, known);
    this.#text = text;
    this.#streaming = streaming;
    this.#pieces = pieces;
    return pieces;
  }

  #restart(): void {
    this.#finished = [];
    this.#length = 0;
    this.#links = {};
  }

  #readTail(text: string, known: Known): Piece[] {
    const body = text.slice(0, MAX_TEXT);
    this.#finish(body, known);
    const mended = mend(body.slice(this.#length));
    const lexed = lex(mended.text, this.#links);
    const tail = piecesOf(lexed, this.#length, known);
    const last = tail.pop();
    if (last) tail.push({ ...last, open: true, block: unlinkEnd(last.block) });
    if (mended.formula) beginFormula(tail, mended.formula, this.#length + mended.text.length);
    return [...this.#relinked(lexed.links), ...tail, ...beyond(text, known)];
  }

  /** Moves what can no longer change from the tail to the finished pieces. */
  #finish(text: string, known: Known): void {
    const tail = text.slice(this.#length);
    if (!/\n[ \t]*\n[^\n]/.test(tail)) return;
    const end = settled(tail, lex(tail, this.#links).tokens);
    if (end === 0) return;
    const lexed = lex(tail.slice(0, end), this.#links);
    this.#finished.push(...piecesOf(lexed, this.#length, known));
    this.#links = lexed.links;
    this.#length += end;
  }

  /** A definition that came after a block may turn brackets in it into a link. */
  #relinked(links: Links): Piece[] {
    const defined = signature(links);
    for (const [index, piece] of this.#finished.entries()) {
      if (piece.links === defined || !piece.raw.includes("[")) continue;
      const [token] = lex(piece.raw, links).tokens;
      const converted = token ? convert(token) : null;
      this.#finished[index] = { ...piece, ...keptIfSame(converted ?? piece, piece), links: defined };
    }
    return this.#finished;
  }
}

/** Equal blocks are one object, so that nothing is rendered again. */
function keptIfSame(converted: Converted, before: Converted): Converted {
  const { block, references, elements } = converted;
  const same = JSON.stringify(block) === JSON.stringify(before.block);
  return { block: same ? before.block : block, references, elements };
}

function signature(links: Links): string {
  const entries = Object.entries(links);
  return entries.length === 0 ? "" : JSON.stringify(entries);
}

type Known = ReadonlyMap<number, Piece>;

function readWhole(text: string, known: Known): Piece[] {
  return [...piecesOf(lex(text.slice(0, MAX_TEXT), {}), 0, known), ...beyond(text, known)];
}

/** What is longer than any answer: not read, shown as it is. */
function beyond(text: string, known: Known): Piece[] {
  const pieces: Piece[] = [];
  for (let key = MAX_TEXT; key < text.length; key += MAX_STRETCH) {
    const raw = text.slice(key, key + MAX_STRETCH);
    const before = known.get(key);
    if (before?.raw === raw) pieces.push(before);
    else
      pieces.push({
        key,
        raw,
        block: { type: "source", text: raw },
        references: [],
        elements: 1,
        links: "",
        open: false,
      });
  }
  return pieces;
}

function piecesOf(lexed: Lexed, start: number, known: Known): Piece[] {
  const links = signature(lexed.links);
  const out: Piece[] = [];
  let key = start;
  for (const token of lexed.tokens) {
    const { raw } = token;
    const before = known.get(key);
    const read = before && !before.open && before.raw === raw ? before : null;
    if (read && (read.links === links || !raw.includes("["))) out.push(read);
    else {
      const converted = convert(token);
      if (converted) out.push({ key, raw, links, open: false, ...(read ? keptIfSame(converted, read) : converted) });
    }
    key += raw.length;
  }
  return out;
}

/** Shows a formula that is being written: at the end of the last piece, or as a piece of its own. */
function beginFormula(pieces: Piece[], source: string, key: number): void {
  const last = pieces.at(-1);
  const block = last ? addFormula(last.block, source) : null;
  if (last && block) pieces[pieces.length - 1] = { ...last, block };
  else {
    const own = addFormula({ type: "paragraph", children: [] }, source);
    if (own) pieces.push({ key, raw: source, block: own, references: [], elements: 1, links: "", open: true });
  }
}

/**
 * How much of the tail no further text can change: up to the last blank line after which a block has begun that shows
 * what it is. "1" may become "1." and belong to the list above; a letter at the margin, or a whole line, may not.
 */
function settled(tail: string, tokens: readonly Token[]): number {
  let end = 0;
  let at = 0;
  for (const token of tokens) {
    if (!tail.startsWith(token.raw, at)) return end; // marked's raw is the source; if ever not, nothing is settled
    if (token.type !== "space") {
      const afterBlank = /\n[ \t]*\n$/.test(tail.slice(Math.max(0, at - 200), at));
      const begun = /^(?:\p{L}|[^\n]*\n)/u.test(tail.slice(at, at + 2_000));
      if (afterBlank && begun) end = at;
    }
    at += token.raw.length;
  }
  return end;
}
