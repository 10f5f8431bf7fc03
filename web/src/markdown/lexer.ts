/** Markdown to marked's tokens. In: text and the link definitions known so far. Out: block tokens, and all link definitions. */
import {
  Hooks,
  Lexer,
  type Links,
  type MarkedOptions,
  type Token,
  Tokenizer,
  type Tokens,
  type TokensList,
} from "marked";
import { MAX_CELLS, MAX_COLUMNS, MAX_DEPTH, MAX_INLINE_DEPTH, MAX_MARKS, MAX_RUN, MAX_STRETCH } from "./limits";
import { blockFormula, inlineFormula, maskFormulas } from "./math-syntax";
import { noteDefinition, noteReference } from "./notes-syntax";

export type { Links, Token, Tokens };

export interface Lexed {
  tokens: Token[];
  links: Links;
}

/**
 * Bounded in time and depth by the limits beside this file. HTML is never recognised as a block: its text is text.
 *
 * @throws nothing: text that marked gives up on comes back as one token of type "source"
 */
export function lex(text: string, links: Links): Lexed {
  const lexer = new BoundedLexer(links);
  try {
    return { tokens: lexer.lex(text), links: lexer.tokens.links };
  } catch {
    return { tokens: [{ type: "source", raw: text }], links };
  }
}

class BoundedLexer extends Lexer {
  /** The inline run being read: marked asks for its mask as soon as it begins one, and hands on only what is left of it. */
  run = "";
  insideNote = false;

  constructor(links: Links) {
    super(optionsFor(() => this));
    Object.assign(this.tokens.links, links);
  }

  override lex(src: string): TokensList {
    for (const stretch of stretches(src)) this.blockTokens(stretch, this.tokens);
    for (const queued of this.inlineQueue) this.inlineTokens(queued.src, queued.tokens);
    this.inlineQueue = [];
    return this.tokens;
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    const outer = this.run;
    for (const piece of pieces(src)) {
      this.run = piece;
      super.inlineTokens(piece, tokens);
    }
    this.run = outer;
    return tokens;
  }
}

/** Cut at a line's end or a space where there is one, so that emphasis is rarely cut in two. */
function pieces(text: string): string[] {
  const out: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = reach(text, at);
    out.push(text.slice(at, end));
    at = end;
  }
  return out;
}

/** Where the piece that begins at `start` ends. */
function reach(text: string, start: number): number {
  let end = start;
  let space = start;
  for (let marks = 0; end < text.length && end - start < MAX_RUN && marks < MAX_MARKS; end++) {
    const code = text.charCodeAt(end);
    if (code === 32 || code === 10) space = end + 1;
    else if (code < 127 && "!$&*<@[\\_`~".includes(text[end] ?? "")) marks++;
  }
  if (end === text.length) return end;
  if (space > start + (end - start) / 2) return space;
  const half = text.charCodeAt(end - 1); // a pair of surrogates stays together
  return half >= 0xd800 && half <= 0xdbff ? end + 1 : end;
}

/** Stretches that are lexed one after the other: the whole text, unless thousands of lines follow each other without a blank one. */
function stretches(text: string): string[] {
  const out: string[] = [];
  let start = 0;
  let blank = 0; // where the last blank line ended
  let fence: string | null = null;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const next = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, Math.min(next, at + 200));
    const ticks = /^[ \t]*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (ticks?.startsWith(fence)) fence = null;
      blank = next;
    } else if (ticks) fence = ticks;
    else if (!line.trim()) blank = next;
    else if (at - blank > MAX_STRETCH && !/^\s*\|/.test(line)) {
      out.push(text.slice(start, at));
      start = at;
      blank = at;
    }
    at = next;
  }
  out.push(text.slice(start));
  return out;
}

function optionsFor(lexer: () => BoundedLexer): MarkedOptions {
  const hooks = new Hooks();
  hooks.emStrongMask = (masked) => maskFormulas(lexer().run, masked);
  return {
    gfm: true,
    breaks: true, // models end a verse or an address with one newline, and mean it
    tokenizer: new BoundedTokenizer(),
    hooks,
    extensions: {
      renderers: {},
      childTokens: {},
      block: [formulaBlock, (src) => noteBlock(src, lexer()), wideTable],
      inline: [(src) => formulaInline(src, lexer().run), noteInline],
      startBlock: [nextBlock],
      startInline: [(src) => src.search(/(?<![\p{L}\p{N}$\\])\$(?=\S)/u)],
    },
  };
}

/** Every rule that calls the lexer again counts how deep it is, and past the limit leaves the text as it stands. */
class BoundedTokenizer extends Tokenizer {
  #blocks = 0;
  #inlines = 0;

  override html(): undefined {
    return undefined;
  }

  /** Shown as text, so an open <a> or <pre> changes nothing for what follows, as it would in HTML. */
  override tag(src: string): Tokens.Tag | undefined {
    const found = super.tag(src);
    this.lexer.state.inRawBlock = false;
    if (found) this.lexer.state.inLink = this.#inLink;
    return found;
  }

  override def(src: string): Tokens.Def | undefined {
    return /^ {0,3}\[\^/.test(src) ? undefined : super.def(src);
  }

  /** No further than the paragraph: the rule itself would look for its underline to the end of the text. */
  override lheading(src: string): Tokens.Heading | undefined {
    const near = src.slice(0, MAX_RUN);
    const blank = near.indexOf("\n\n");
    const end = blank >= 0 ? blank + 1 : near.length < src.length ? near.lastIndexOf("\n") + 1 : near.length;
    return super.lheading(near.slice(0, end));
  }

  override list(src: string): Tokens.List | undefined {
    return this.#nested(() => super.list(src));
  }

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#nested(() => super.blockquote(src));
  }

  override emStrong(src: string, masked: string, before?: string): Tokens.Em | Tokens.Strong | undefined {
    return this.#nestedInline(() => super.emStrong(src, masked, before));
  }

  override del(src: string, masked: string, before?: string): Tokens.Del | undefined {
    return this.#nestedInline(() => super.del(src, masked, before));
  }

  override link(src: string): Tokens.Link | Tokens.Image | undefined {
    return this.#nestedInline(() => this.#inside(() => super.link(src)));
  }

  override reflink(src: string, links: Links): Tokens.Link | Tokens.Image | Tokens.Text | undefined {
    return this.#nestedInline(() => this.#inside(() => super.reflink(src, links)));
  }

  #inLink = false;

  #inside<T>(read: () => T): T {
    const outer = this.#inLink;
    this.#inLink = true;
    try {
      return read();
    } finally {
      this.#inLink = outer;
    }
  }

  #nested<T>(read: () => T): T | undefined {
    if (this.#blocks >= MAX_DEPTH) return undefined;
    this.#blocks++;
    try {
      return read();
    } finally {
      this.#blocks--;
    }
  }

  #nestedInline<T>(read: () => T): T | undefined {
    if (this.#inlines >= MAX_INLINE_DEPTH) return undefined;
    this.#inlines++;
    try {
      return read();
    } finally {
      this.#inlines--;
    }
  }
}

function formulaBlock(src: string): Tokens.Generic | undefined {
  const found = blockFormula(src);
  return found ? { type: "formula", raw: found.raw, tex: found.tex, display: true } : undefined;
}

function formulaInline(src: string, run: string): Tokens.Generic | undefined {
  const first = src[0];
  if (first !== "$" && first !== "\\") return undefined;
  const found = inlineFormula(src, run.charAt(run.length - src.length - 1));
  return found ? { type: "formula", raw: found.raw, tex: found.tex, display: found.display } : undefined;
}

function noteBlock(src: string, lexer: BoundedLexer): Tokens.Generic | undefined {
  if (lexer.insideNote) return undefined;
  const found = noteDefinition(src);
  if (!found) return undefined;
  lexer.insideNote = true;
  try {
    const top = lexer.state.top;
    lexer.state.top = true;
    const tokens = lexer.blockTokens(found.content, []);
    lexer.state.top = top;
    return { type: "note", raw: found.raw, label: found.label, tokens };
  } finally {
    lexer.insideNote = false;
  }
}

function noteInline(src: string): Tokens.Generic | undefined {
  const found = noteReference(src);
  return found ? { type: "reference", raw: found.raw, label: found.label } : undefined;
}

/** A table that would be too large, taken whole before marked fills it up. */
function wideTable(src: string): Tokens.Generic | undefined {
  const head = src.indexOf("\n");
  if (head < 0 || head > 200_000) return undefined;
  const second = src.indexOf("\n", head + 1);
  const rule = src.slice(head + 1, second < 0 ? src.length : second);
  if (!rule.includes("-") || !/^[ |:-]+$/.test(rule) || !/[|:]/.test(rule)) return undefined;
  const columns = rule.split("|").filter((cell) => cell.trim()).length;
  const blank = /\n[ \t]*\n/.exec(src);
  const raw = blank ? src.slice(0, blank.index + 1) : src;
  if (columns <= MAX_COLUMNS && columns * (raw.split("\n").length - 2) <= MAX_CELLS) return undefined;
  return { type: "source", raw };
}

/** Where in a paragraph a formula or a note may begin. Looks no further than the paragraph, or every one would scan all the rest. */
function nextBlock(src: string): number {
  const reach = src.slice(0, MAX_RUN);
  const blank = reach.indexOf("\n\n");
  const found = (blank < 0 ? reach : reach.slice(0, blank)).search(/\n {0,3}(?:\$\$|\\\[|\\begin\{|\[\^)/);
  return found < 0 ? found : found + 1;
}
