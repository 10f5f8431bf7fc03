/** What the palette lists. In: what was typed, commands, conversations, hits. Out: items in sections, and which one a key leads to. */
import type { ReactNode } from "react";
import type { ConversationSummary, SearchHit } from "@/api/types";

export interface Command {
  id: string;
  label: string;
  icon: ReactNode;
  shortcut?: readonly string[];
  run: () => void;
}

export type Item =
  | { kind: "command"; key: string; command: Command }
  | { kind: "recent"; key: string; conversation: ConversationSummary }
  | { kind: "hit"; key: string; hit: SearchHit }
  | { kind: "all"; key: "all"; text: string };

export interface Section {
  /** Also the end of the word that names it: "palette.hits". */
  kind: "recent" | "hits" | "commands";
  items: Item[];
}

const RECENT = 6;
const HITS = 12;

export interface Sources {
  text: string;
  commands: readonly Command[];
  recent: readonly ConversationSummary[];
  hits: readonly SearchHit[];
}

/** Nothing typed: recent conversations, then every command. Else commands that have every word, then what the server found. */
export function sectionsOf({ text, commands, recent, hits }: Sources): Section[] {
  const typed = text.trim();
  const wanted = commands
    .filter((command) => hasWords(command.label, typed))
    .map((command): Item => ({ kind: "command", key: `command ${command.id}`, command }));
  const sections: Section[] =
    typed === ""
      ? [
          {
            kind: "recent",
            items: recent
              .slice(0, RECENT)
              .map((conversation) => ({ kind: "recent", key: `recent ${conversation.id}`, conversation })),
          },
          { kind: "commands", items: wanted },
        ]
      : [
          { kind: "commands", items: wanted },
          { kind: "hits", items: [...hitItems(hits), ...(hits.length > 0 ? [all(typed)] : [])] },
        ];
  return sections.filter((section) => section.items.length > 0);
}

function hitItems(hits: readonly SearchHit[]): Item[] {
  return hits
    .slice(0, HITS)
    .map((hit, place) => ({ kind: "hit", key: `hit ${hit.conversation} ${hit.message ?? ""} ${place}`, hit }));
}

function all(text: string): Item {
  return { kind: "all", key: "all", text };
}

/** Whether every word of `typed` is in the label, whatever the case and the accents. */
export function hasWords(label: string, typed: string): boolean {
  const plain = plainly(label);
  return plainly(typed)
    .split(/\s+/)
    .every((word) => plain.includes(word));
}

/** "É" → "e". Only Latin accents go: the marks of other scripts are letters of their own. */
export function plainly(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();
}

/** The place among `count` items that a key leads to, around both ends; null for keys that are the field's. */
export function placeAfter(place: number, count: number, key: string): number | null {
  if (count === 0) return null;
  if (key === "ArrowDown") return (place + 1) % count;
  if (key === "ArrowUp") return (place - 1 + count) % count;
  return null;
}
