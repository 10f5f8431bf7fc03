/** The last words of a block. In: a block that is still being written. Out: the same, its last words changed. */
import type { Block, Inline } from "./nodes";

/** An address that the text ends in may go on: it is no link yet. */
export function unlinkEnd(block: Block): Block {
  return changeLast(block, unlinkLast);
}

function unlinkLast(nodes: Inline[]): Inline[] {
  const last = nodes.at(-1);
  if (last?.type === "link" && last.auto) return [...nodes.slice(0, -1), ...last.children];
  const before = nodes.at(-2);
  // "https://example" and then "." is the same word, and still an address
  if (last?.type === "text" && before?.type === "link" && before.auto && !/\s/.test(last.text)) {
    return [...nodes.slice(0, -2), ...before.children, last];
  }
  if (last?.type !== "strong" && last?.type !== "emphasis" && last?.type !== "strike") return nodes;
  return [...nodes.slice(0, -1), { type: last.type, children: unlinkLast(last.children) }];
}

/** A formula that has begun stands behind the text that it was cut from. Null: it stands under the block, not in it. */
export function addFormula(block: Block, source: string): Block | null {
  const node: Inline = { type: "formula", tex: source, display: !source.startsWith("\\("), source, open: true };
  const takes = block.type === "paragraph" || block.type === "list" || block.type === "quote" || block.type === "note";
  return takes || !node.display ? changeLast(block, (nodes) => [...nodes, node]) : null;
}

function changeLast(block: Block, change: (nodes: Inline[]) => Inline[]): Block {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return { ...block, children: change(block.children) };
    case "quote":
    case "note":
      return { ...block, children: changeLastOf(block.children, change) };
    case "list": {
      const last = block.items.at(-1);
      if (!last) return block;
      return {
        ...block,
        items: [...block.items.slice(0, -1), { ...last, children: changeLastOf(last.children, change) }],
      };
    }
    case "table": {
      const row = block.rows.at(-1);
      if (!row) return { ...block, head: changeLastCell(block.head, change) };
      return { ...block, rows: [...block.rows.slice(0, -1), changeLastCell(row, change)] };
    }
    default:
      return block;
  }
}

function changeLastOf(blocks: Block[], change: (nodes: Inline[]) => Inline[]): Block[] {
  const last = blocks.at(-1);
  return last ? [...blocks.slice(0, -1), changeLast(last, change)] : [{ type: "paragraph", children: change([]) }];
}

/** The last cell with something in it: marked fills short rows up. */
function changeLastCell(cells: Inline[][], change: (nodes: Inline[]) => Inline[]): Inline[][] {
  const index = Math.max(
    0,
    cells.findLastIndex((cell) => cell.length > 0),
  );
  return cells.map((cell, at) => (at === index ? change(cell) : cell));
}
