/** The rail's list as rows. In: groups. Out: headings and conversations in one flat list, and where the arrow keys go in it. */
import type { ConversationSummary } from "@/api/types";
import type { Group } from "./day-groups";

export type Row =
  | { kind: "heading"; key: string; label: string }
  | { kind: "conversation"; key: string; conversation: ConversationSummary };

export function rowsOf(groups: readonly Group[]): Row[] {
  return groups.flatMap(({ key, label, conversations }): Row[] => [
    { kind: "heading", key: `heading ${key}`, label },
    ...conversations.map((conversation) => ({ kind: "conversation" as const, key: conversation.id, conversation })),
  ]);
}

/** The row that a key leads to from `from`, over headings; null where the key leads nowhere. */
export function rowAfter(rows: readonly Row[], from: number, key: string): number | null {
  const places = rows.flatMap((row, place) => (row.kind === "conversation" ? [place] : []));
  switch (key) {
    case "ArrowDown":
      return places.find((place) => place > from) ?? null;
    case "ArrowUp":
      return places.findLast((place) => place < from) ?? null;
    case "Home":
      return places[0] ?? null;
    case "End":
      return places.at(-1) ?? null;
    default:
      return null;
  }
}

/** The one row that Tab stops at: where focus was last, else the open conversation, else the first. */
export function tabStop(rows: readonly Row[], focused: string | null, open: string | undefined): number {
  const at = (id: string | null | undefined) => rows.findIndex((row) => row.kind === "conversation" && row.key === id);
  return [at(focused), at(open), rows.findIndex((row) => row.kind === "conversation")].find((one) => one >= 0) ?? -1;
}
