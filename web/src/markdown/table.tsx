/** A table. In: its cells. Out: a table that scrolls sideways, numbers to the right. */
import type { ReactNode } from "react";
import { useT } from "@/i18n";
import { directionOf } from "./direction";
import { type Around, inlines } from "./inlines";
import { type Align, type Block, type Cell, plainText } from "./nodes";
import { numericColumns } from "./numbers";

export function Table({ table, around }: { table: Block & { type: "table" }; around: Around }) {
  const t = useT();
  const numeric = numericColumns(
    table.rows.map((row) => row.map(plainText)),
    table.head.length,
  );
  const side = (column: number): Align => table.align[column] ?? (numeric[column] ? "right" : null);
  const cells = (row: readonly Cell[], head: boolean): ReactNode =>
    row.map((cell, column) => {
      const align = side(column);
      const className = align ? `md-cell-${align}` : undefined;
      const content = inlines(cell, around);
      return head ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its column
        <th key={column} scope="col" dir="auto" className={className}>
          {content}
        </th>
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its column
        <td key={column} dir="auto" className={className}>
          {content}
        </td>
      );
    });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
    <figure className="md-table" tabIndex={0} aria-label={t("markdown.table")}>
      <table dir={directionOf([table])}>
        <thead>
          <tr>{cells(table.head, true)}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
            <tr key={index}>{cells(row, false)}</tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
