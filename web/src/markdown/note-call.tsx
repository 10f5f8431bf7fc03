/** The raised number that calls a footnote. In: its call. Out: a link to the note on this page; a bare number while there is none. */
import type { MouseEvent } from "react";
import { useT } from "@/i18n";
import type { Call } from "./notes";

export interface NoteCallProps {
  call: Call;
  prefix: string;
  /** The note leads back here. */
  first: boolean;
}

export function NoteCall({ call: [label, number, defined], prefix, first }: NoteCallProps) {
  const t = useT();
  if (!defined) return <sup className="md-call">{number}</sup>;
  return (
    <sup className="md-call">
      <a
        id={first ? callId(prefix, label) : undefined}
        href={`#${noteId(prefix, label)}`}
        role="doc-noteref"
        className="touch"
        aria-label={t("markdown.note", { number })}
        onClick={(event) => goTo(event, noteId(prefix, label))}
      >
        {number}
      </a>
    </sup>
  );
}

/** Hexadecimal, since a label may hold anything. */
function labelId(label: string): string {
  return [...label].map((character) => (character.codePointAt(0) ?? 0).toString(16)).join("-");
}

export function noteId(prefix: string, label: string): string {
  return `${prefix}-note-${labelId(label)}`;
}

export function callId(prefix: string, label: string): string {
  return `${prefix}-call-${labelId(label)}`;
}

/** Without a change of address, which would be a page of its own to the router. */
export function goTo(event: MouseEvent, id: string): void {
  event.preventDefault();
  const place = document.getElementById(id);
  place?.scrollIntoView({ block: "nearest" });
  place?.focus({ preventScroll: true });
}
