/** What an answer is made of, once read: the page and the clipboard are both written from these. Nothing here is HTML. */

export type Inline =
  | { type: "text"; text: string }
  | { type: "strong" | "emphasis" | "strike"; children: Inline[] }
  | { type: "code"; text: string }
  | { type: "break" }
  /** `href` is one that may be followed. `auto`: the address itself was the text. */
  | { type: "link"; href: string; host: string; auto: boolean; children: Inline[] }
  /** `url` is null where the address may not be asked for; `source` is how it was written. */
  | { type: "image"; url: string | null; host: string; alt: string; source: string }
  | { type: "formula"; tex: string; display: boolean; source: string; open: boolean }
  /** `occurrence`: how many times its label came before in the same block. */
  | { type: "reference"; label: string; occurrence: number; source: string };

export type Align = "left" | "center" | "right" | null;
export type Cell = Inline[];

export interface Item {
  /** Null: no task. */
  checked: boolean | null;
  children: Block[];
}

export type Block =
  | { type: "paragraph"; children: Inline[] }
  /** `depth`: the number of hashes. */
  | { type: "heading"; depth: number; children: Inline[] }
  | { type: "code"; info: string; text: string }
  | { type: "quote"; children: Block[] }
  | { type: "list"; start: number | null; loose: boolean; items: Item[] }
  | { type: "table"; align: Align[]; head: Cell[]; rows: Cell[][] }
  | { type: "rule" }
  | { type: "formula"; tex: string; source: string }
  /** Too large or too deep to lay out: shown as it was written. */
  | { type: "source"; text: string }
  /** A footnote: shown at the end, never where it stands. */
  | { type: "note"; label: string; children: Block[] };

/** The text of inlines, without any mark. */
export function plainText(nodes: readonly Inline[]): string {
  return nodes.map(plainOf).join("");
}

function plainOf(node: Inline): string {
  switch (node.type) {
    case "text":
    case "code":
      return node.text;
    case "break":
      return "\n";
    case "image":
      return node.alt;
    case "formula":
    case "reference":
      return node.source;
    default:
      return plainText(node.children);
  }
}
