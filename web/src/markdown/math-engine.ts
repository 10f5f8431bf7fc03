/** Formulas set by KaTeX, loaded on first use. In: TeX. Out: a tree of MathML elements, all of them allowed by name, or why there is none. */
import katex from "katex";
import { MAX_MATH_NODES, MAX_TEX } from "./limits";
import { inVariant } from "./math-variant";

export interface MathElement {
  name: string;
  attributes: Record<string, string>;
  children: (MathElement | string)[];
}

export type Typeset = { math: MathElement } | { error: string };

const NAMES = new Set(
  "math mrow mi mn mo ms mtext mspace msup msub msubsup mover munder munderover mfrac msqrt mroot mtable mtr mtd mstyle mpadded mphantom menclose".split(
    " ",
  ),
);

const LENGTH = /^[+-]?\d*\.?\d+(em|ex|mu|pt|px|%)?$/;
const FLAG = /^(true|false)$/;

/** Each attribute with what it may hold. None of them can hold an address. */
const ATTRIBUTES: Record<string, RegExp> = {
  display: /^(block|inline)$/,
  mathvariant: /^normal$/,
  mathcolor: /^(#[0-9a-f]{3,8}|[a-z]{3,20})$/i,
  mathbackground: /^(#[0-9a-f]{3,8}|[a-z]{3,20})$/i,
  mathsize: LENGTH,
  scriptlevel: /^[+-]?\d$/,
  displaystyle: FLAG,
  fence: FLAG,
  separator: FLAG,
  stretchy: FLAG,
  symmetric: FLAG,
  largeop: FLAG,
  movablelimits: FLAG,
  accent: FLAG,
  accentunder: FLAG,
  form: /^(prefix|infix|postfix)$/,
  lspace: LENGTH,
  rspace: LENGTH,
  width: LENGTH,
  height: LENGTH,
  depth: LENGTH,
  voffset: LENGTH,
  linethickness: LENGTH,
  minsize: LENGTH,
  maxsize: LENGTH,
};

const NOTATIONS = new Set([
  "box",
  "updiagonalstrike",
  "downdiagonalstrike",
  "horizontalstrike",
  "roundedbox",
  "top",
  "bottom",
  "left",
]);

/** Commands that would reach out of the formula (\href, \includegraphics, \htmlStyle …) make the whole formula an error. */
export function typeset(tex: string, display: boolean): Typeset {
  if (tex.length > MAX_TEX) return { error: `more than ${MAX_TEX} characters` };
  let refused = "";
  try {
    const tree = domTree(tex, {
      output: "mathml",
      displayMode: display,
      throwOnError: true,
      strict: "ignore",
      trust: (context: { command: string }) => {
        refused = context.command;
        return false;
      },
      maxExpand: 300,
      maxSize: 20,
    });
    if (refused) return { error: `${refused} is not allowed` };
    const math = find(tree, "math");
    const budget = { left: MAX_MATH_NODES };
    const element = math ? elementOf(math, budget) : null;
    if (!element || typeof element === "string" || budget.left < 0)
      return { error: `more than ${MAX_MATH_NODES} elements` };
    return { math: element };
  } catch (error) {
    // KaTeX's own errors, and a stack too deep for braces within braces
    return { error: error instanceof katex.ParseError ? error.message : "too deeply nested" };
  }
}

/** KaTeX's tree before it is written as HTML: exported by it, though not in its types. */
function domTree(tex: string, options: object): KatexNode {
  const build: unknown = Reflect.get(katex, "__renderToDomTree");
  if (typeof build !== "function") throw new Error("this KaTeX gives no tree");
  return build(tex, options);
}

/** MathNode, TextNode and SpaceNode, of which each has some. */
interface KatexNode {
  type?: string;
  text?: string;
  width?: number;
  character?: string | null;
  attributes?: Record<string, string>;
  children?: KatexNode[];
}

function find(node: KatexNode, type: string): KatexNode | null {
  if (node.type === type) return node;
  for (const child of node.children ?? []) {
    const found = find(child, type);
    if (found) return found;
  }
  return null;
}

function elementOf(node: KatexNode, budget: { left: number }): MathElement | string | null {
  budget.left--;
  if (budget.left < 0) return null;
  if (typeof node.text === "string") return node.text;
  if (typeof node.width === "number") return space(node);
  const name = node.type ?? "";
  if (name === "annotation") return null; // the source, which is for machines
  const children = (node.children ?? []).flatMap((child) => elementOf(child, budget) ?? []);
  if (name === "semantics") return children[0] ?? null;
  if (!NAMES.has(name)) return children.length === 0 ? null : { name: "mrow", attributes: {}, children };
  const written = node.attributes ?? {};
  const variant = written.mathvariant;
  const lettered = variant
    ? children.map((child) => (typeof child === "string" ? inVariant(child, variant) : child))
    : children;
  const attributes = allowed(written);
  if (name === "menclose") return enclosed(written.notation ?? "", attributes, lettered);
  if (name === "mtable") return table(written, attributes, lettered);
  return { name, attributes, children: lettered };
}

function space(node: KatexNode): MathElement {
  if (node.character) return { name: "mtext", attributes: {}, children: [node.character] };
  return { name: "mspace", attributes: { width: `${Number(node.width).toFixed(4)}em` }, children: [] };
}

function allowed(attributes: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (Object.hasOwn(ATTRIBUTES, name) && ATTRIBUTES[name]?.test(value)) out[name] = value;
  }
  return out;
}

/** MathML Core has no menclose: a row with a class, drawn by the style sheet. */
function enclosed(
  notation: string,
  attributes: Record<string, string>,
  children: MathElement["children"],
): MathElement {
  const kinds = notation.split(" ").filter((kind) => NOTATIONS.has(kind));
  return {
    name: "mrow",
    attributes: { ...attributes, className: kinds.map((kind) => `md-enclose-${kind}`).join(" ") },
    children,
  };
}

/** Nor does it align columns or rule them: each cell is told. */
function table(
  written: Record<string, string>,
  attributes: Record<string, string>,
  rows: MathElement["children"],
): MathElement {
  const align = (written.columnalign ?? "").split(" ");
  const lines = (written.columnlines ?? "").split(" ");
  const under = (written.rowlines ?? "").split(" ");
  const tight = written.columnspacing === "0em"; // the columns of an alignment stand together
  for (const [index, row] of rows.entries()) {
    if (typeof row === "string") continue;
    for (const [column, cell] of row.children.entries()) {
      if (typeof cell === "string") continue;
      const names = [`md-cell-${align[column] ?? align.at(-1) ?? "center"}`];
      if (tight) names.push("md-cell-tight");
      if (lines[column] === "solid" || lines[column] === "dashed") names.push("md-cell-line");
      if (under[index] === "solid" || under[index] === "dashed") names.push("md-cell-under");
      cell.attributes.className = names.join(" ");
    }
  }
  return { name: "mtable", attributes, children: rows };
}
