/** The footnotes under an answer. In: notes in order. Out: a numbered list, each with a way back to where it was called. */
import { CornerLeftUp } from "lucide-react";
import { useT } from "@/i18n";
import { BlockView } from "./blocks";
import { callId, goTo, noteId } from "./note-call";
import type { Note } from "./notes";

export interface NoteListProps {
  notes: readonly Note[];
  prefix: string;
  base: number;
  /** What is known of the notes that notes call. */
  calls: string;
}

export function NoteList({ notes, prefix, base, calls }: NoteListProps) {
  const t = useT();
  const defined = notes.filter((note) => note.content !== null);
  if (defined.length === 0) return null;
  return (
    // A list with a name and no `doc-endnotes`: those are landmarks, and a conversation would have one of the same name for each answer.
    <div className="md-notes">
      <ol aria-label={t("markdown.notes")}>
        {defined.map((note) => (
          <li key={note.label} id={noteId(prefix, note.label)} value={note.number} tabIndex={-1} dir="auto">
            {note.content?.map((block, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: blocks inside a note are only ever appended to or made anew
              <BlockView key={index} block={block} calls={calls} prefix={prefix} base={base} growing={false} />
            ))}
            {note.from !== null && <Back note={note} prefix={prefix} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Back({ note, prefix }: { note: Note; prefix: string }) {
  const t = useT();
  const name = t("markdown.back", { number: note.number });
  return (
    <a
      href={`#${callId(prefix, note.label)}`}
      role="doc-backlink"
      aria-label={name}
      title={name}
      className="md-back touch print:hidden"
      onClick={(event) => goTo(event, callId(prefix, note.label))}
    >
      <CornerLeftUp aria-hidden />
    </a>
  );
}
