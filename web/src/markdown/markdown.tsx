/** An answer, laid out. In: Markdown as a model wrote it, and whether more comes. Out: React elements, safe whatever it holds. */
import "./markdown.css";
import { useId, useMemo, useState } from "react";
import { useT } from "@/i18n";
import { BlockView } from "./blocks";
import { MAX_SHOWN } from "./limits";
import { NoteList } from "./note-list";
import { callsOf, definedNotes, type Note, notesOf } from "./notes";
import { type Piece, Reader } from "./reader";

export interface MarkdownProps {
  text: string;
  streaming: boolean;
}

/**
 * While it streams, only the last block is read and rendered again. Nothing becomes an HTML string, nothing is fetched
 * before the person agrees. Wants a TooltipProvider around it; links and pictures follow `LinkPolicyContext`, headings
 * stand under `HeadingLevelContext`.
 */
export function Markdown({ text, streaming }: MarkdownProps) {
  const t = useT();
  const prefix = useId();
  const [reader] = useState(() => new Reader());
  const [portions, setPortions] = useState(1);
  const pieces = useMemo(() => reader.read(text, streaming), [reader, text, streaming]);
  const notes = useMemo(() => {
    const all = notesOf(pieces);
    return streaming ? all : definedNotes(all);
  }, [pieces, streaming]);
  const shown = portion(pieces, portions * MAX_SHOWN);
  const base = firstDepth(pieces);
  return (
    <div className="md">
      {shown.map((piece, index) => (
        <BlockView
          key={piece.key}
          block={piece.block}
          calls={callsOf(piece, notes)}
          prefix={prefix}
          base={base}
          growing={streaming && index === pieces.length - 1}
        />
      ))}
      {shown.length < pieces.length && (
        <button type="button" className="md-fold" onClick={() => setPortions(portions + 1)}>
          {t("markdown.showMore")}
        </button>
      )}
      <NoteList notes={notes} prefix={prefix} base={base} calls={callsInNotes(pieces, notes)} />
    </div>
  );
}

/** As many pieces as make up so many elements, one at least: the browser lays out the rest when it is asked for. */
function portion(pieces: readonly Piece[], elements: number): readonly Piece[] {
  let total = 0;
  const end = pieces.findIndex((piece) => {
    total += piece.elements;
    return total > elements;
  });
  return end < 0 ? pieces : pieces.slice(0, Math.max(1, end));
}

function firstDepth(pieces: readonly Piece[]): number {
  for (const { block } of pieces) if (block.type === "heading") return block.depth;
  return 1;
}

/** Notes may call notes. */
function callsInNotes(pieces: readonly Piece[], notes: readonly Note[]): string {
  const references = pieces.filter((piece) => piece.block.type === "note").flatMap((piece) => piece.references);
  const [some] = pieces;
  return some && references.length > 0 ? callsOf({ ...some, key: -1, references }, notes) : "";
}
