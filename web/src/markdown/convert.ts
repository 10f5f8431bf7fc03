/** marked's tokens to our nodes. In: tokens. Out: blocks, with every address judged and the number of elements they will become. */
import { imageTarget, linkTarget } from "./address";
import { decodeEntities } from "./entities";
import type { Token, Tokens } from "./lexer";
import { MAX_NODES } from "./limits";
import type { Align, Block, Cell, Inline, Item } from "./nodes";

export interface Converted {
  block: Block;
  /** Labels of the footnotes it points to, in order. */
  references: string[];
  elements: number;
}

/** Null for what shows nothing: blank lines, link definitions. */
export function convert(token: Token): Converted | null {
  const state: State = { references: [], left: MAX_NODES };
  const block = convertBlock(token, state);
  if (!block) return null;
  if (state.left >= 0) return { block, references: state.references, elements: MAX_NODES - state.left };
  return { block: { type: "source", text: token.raw }, references: [], elements: 1 };
}

interface State {
  references: string[];
  /** Elements that may still be made; below nothing, the rest is not even converted. */
  left: number;
}

function convertBlocks(tokens: readonly Token[], state: State): Block[] {
  const out: Block[] = [];
  for (const token of tokens) {
    if (state.left < 0) break;
    const block = convertBlock(token, state);
    if (block) out.push(block);
  }
  return out;
}

function convertBlock(token: Token, state: State): Block | null {
  state.left--;
  const known = asKnown(token);
  switch (known.type) {
    case "space":
    case "def":
    case "checkbox": // told by its item
      return null;
    case "paragraph":
    case "text":
      return { type: "paragraph", children: trimmed(convertInlines(known.tokens ?? [known], state)) };
    case "heading":
      return { type: "heading", depth: known.depth, children: convertInlines(known.tokens, state) };
    case "code":
      return convertCode(known);
    case "blockquote":
      return { type: "quote", children: convertBlocks(known.tokens, state) };
    case "list":
      return convertList(known, state);
    case "table":
      return convertTable(known, state);
    case "hr":
      return { type: "rule" };
    case "formula":
      return { type: "formula", tex: known.tex, source: known.raw.trim() };
    case "note":
      return { type: "note", label: known.label, children: convertBlocks(known.tokens, state) };
    default:
      return { type: "source", text: known.raw };
  }
}

interface FormulaToken {
  type: "formula";
  raw: string;
  tex: string;
  display: boolean;
}
interface NoteToken {
  type: "note";
  raw: string;
  label: string;
  tokens: Token[];
}
interface ReferenceToken {
  type: "reference";
  raw: string;
  label: string;
}
interface SourceToken {
  type: "source";
  raw: string;
}
type KnownToken =
  | Tokens.Blockquote
  | Tokens.Br
  | Tokens.Checkbox
  | Tokens.Code
  | Tokens.Codespan
  | Tokens.Def
  | Tokens.Del
  | Tokens.Em
  | Tokens.Escape
  | Tokens.Heading
  | Tokens.Hr
  | Tokens.HTML
  | Tokens.Image
  | Tokens.Link
  | Tokens.List
  | Tokens.Paragraph
  | Tokens.Space
  | Tokens.Strong
  | Tokens.Table
  | Tokens.Tag
  | Tokens.Text
  | FormulaToken
  | NoteToken
  | ReferenceToken
  | SourceToken;

/** marked types an extension's token as "anything"; these are all that our lexer makes. */
function asKnown(token: Token): KnownToken {
  return token as KnownToken;
}

/** GitHub's ```math is a formula. */
function convertCode(token: Tokens.Code): Block {
  const info = token.lang ?? "";
  if (info === "math" && token.text.trim())
    return { type: "formula", tex: token.text.trim(), source: token.raw.trim() };
  return { type: "code", info, text: token.text };
}

function convertList(token: Tokens.List, state: State): Block {
  const items: Item[] = [];
  for (const item of token.items) {
    if (state.left < 0) break;
    state.left--;
    items.push({ checked: item.task ? item.checked === true : null, children: convertBlocks(item.tokens, state) });
  }
  return { type: "list", start: token.ordered ? Number(token.start) : null, loose: token.loose, items };
}

function convertTable(token: Tokens.Table, state: State): Block {
  const cell = (one: Tokens.TableCell): Cell => {
    state.left--;
    return state.left < 0 ? [] : convertInlines(one.tokens, state, true);
  };
  const align: Align[] = token.align;
  return { type: "table", align, head: token.header.map(cell), rows: token.rows.map((row) => row.map(cell)) };
}

/** @param inCell where `<br>` is the only way to write a line break, and so is one */
function convertInlines(tokens: readonly Token[], state: State, inCell = false): Inline[] {
  const out: Inline[] = [];
  for (const token of tokens) {
    if (state.left < 0) break;
    const node = convertInline(token, state, inCell);
    if (!node) continue;
    const last = out.at(-1);
    if (node.type === "text" && last?.type === "text")
      out[out.length - 1] = { type: "text", text: last.text + node.text };
    else {
      state.left--;
      out.push(node);
    }
  }
  return out;
}

function convertInline(token: Token, state: State, inCell: boolean): Inline | null {
  const known = asKnown(token);
  switch (known.type) {
    case "checkbox":
      return null;
    case "escape":
      return { type: "text", text: known.text };
    case "text":
      return { type: "text", text: decodeEntities(known.raw) };
    case "html":
      return inCell && /^<br\s*\/?>$/i.test(known.raw) ? { type: "break" } : { type: "text", text: known.raw };
    case "strong":
      return { type: "strong", children: convertInlines(known.tokens, state, inCell) };
    case "em":
      return { type: "emphasis", children: convertInlines(known.tokens, state, inCell) };
    case "del":
      return { type: "strike", children: convertInlines(known.tokens, state, inCell) };
    case "codespan":
      return { type: "code", text: known.text };
    case "br":
      return { type: "break" };
    case "link":
      return convertLink(known, state, inCell);
    case "image":
      return convertImage(known);
    case "formula":
      return { type: "formula", tex: known.tex, display: known.display, source: known.raw, open: false };
    case "reference": {
      const occurrence = state.references.filter((label) => label === known.label).length;
      state.references.push(known.label);
      return { type: "reference", label: known.label, occurrence, source: known.raw };
    }
    default:
      return { type: "text", text: known.raw };
  }
}

/** A link that may not be one is shown as it was written: nothing about it is hidden. */
function convertLink(token: Tokens.Link, state: State, inCell: boolean): Inline {
  const target = linkTarget(token.autolink ? token.href : decodeEntities(token.href));
  if (!target) return { type: "text", text: token.raw };
  const children = token.autolink
    ? [{ type: "text" as const, text: token.text }]
    : convertInlines(token.tokens, state, inCell);
  return { type: "link", ...target, auto: token.autolink === true, children };
}

function convertImage(token: Tokens.Image): Inline {
  const address = decodeEntities(token.href);
  const target = imageTarget(address);
  return {
    type: "image",
    url: target?.href ?? null,
    host: target?.host ?? "",
    alt: decodeEntities(token.text).replaceAll("\n", " "),
    source: token.raw,
  };
}

/** Without what marked leaves at the end of a paragraph, depending on what follows: a newline, spaces. */
function trimmed(nodes: Inline[]): Inline[] {
  const last = nodes.at(-1);
  if (last?.type === "break") return trimmed(nodes.slice(0, -1));
  if (last?.type !== "text" || last.text === last.text.trimEnd()) return nodes;
  const text = last.text.trimEnd();
  return text ? [...nodes.slice(0, -1), { type: "text", text }] : trimmed(nodes.slice(0, -1));
}
