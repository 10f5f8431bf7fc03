/** The head of a table that is being written. In: the last paragraph. Out: it with a table's rule under the head, or null where no table begins. */
import { mendInline } from "./tail-inline";

/**
 * A line that begins with a bar is taken for a head at once, so that it does not stand there as text first.
 *
 * closeTable("| a | b |\n|--") → "| a | b |\n|---|---|"
 */
export function closeTable(region: string): string | null {
  const lines = region.split("\n");
  const last = lines.at(-1) ?? "";
  const ruled = /^[ |:-]*$/.test(last) && lines.length > 1;
  const at = lines.length - (ruled ? 2 : 1);
  const head = lines[at] ?? "";
  if (!/^ {0,3}\|.*\S/.test(head) || /^ {0,3}\|/.test(lines[at - 1] ?? "")) return null;
  const cells = cellsOf(head);
  const rule = cellsOf(last);
  if (ruled && rule.length >= cells.length && last.trim().endsWith("|")) return null; // complete already
  const written = cells.map((_, column) => {
    const cell = rule[column]?.trim() ?? "";
    return ruled && /^:?-+:?$/.test(cell) ? cell : "---";
  });
  const open = cells.length - 1;
  const closed = cells.map((cell, column) => (column === open ? mendInline(cell) : cell));
  return [...lines.slice(0, at), `|${closed.join("|")}|`, `|${written.join("|")}|`].join("\n");
}

/** Between the bars; a bar behind a backslash is text. */
function cellsOf(row: string): string[] {
  const cells = row
    .trim()
    .replace(/^\|/, "")
    .split(/(?<!\\)\|/);
  if (cells.length > 1 && !cells.at(-1)?.trim()) cells.pop();
  return cells;
}
