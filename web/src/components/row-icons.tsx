/**
 * The icons of every message. In: nothing. Out: lucide's shapes, each as one path in one component.
 *
 * A conversation shows dozens of them: of the rows that stand, icons were a third of the elements that the browser lays out
 * and paints. Elsewhere an icon is lucide's own.
 */
import type { ReactNode } from "react";

function icon(path: string): () => ReactNode {
  return () => (
    <svg
      aria-hidden
      className="lucide"
      width={24}
      height={24}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={path} />
    </svg>
  );
}

export const CopyIcon = icon(
  "M10 8h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2V10a2 2 0 0 1 2-2zM4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2",
);
export const EllipsisIcon = icon(
  "M13 12a1 1 0 0 1-2 0a1 1 0 0 1 2 0zM20 12a1 1 0 0 1-2 0a1 1 0 0 1 2 0zM6 12a1 1 0 0 1-2 0a1 1 0 0 1 2 0z",
);
export const PencilIcon = icon(
  "M21.174 6.812a1 1 0 0 0-3.986-3.987L3.842 16.174a2 2 0 0 0-.5.83l-1.321 4.352a.5.5 0 0 0 .623.622l4.353-1.32a2 2 0 0 0 .83-.497zM15 5l4 4",
);
export const RegenerateIcon = icon(
  "M3 12a9 9 0 0 1 9-9 9.75 9.75 0 0 1 6.74 2.74L21 8M21 3v5h-5M21 12a9 9 0 0 1-9 9 9.75 9.75 0 0 1-6.74-2.74L3 16M8 16H3v5",
);
