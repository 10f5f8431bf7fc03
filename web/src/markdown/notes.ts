/** Footnotes in order. In: an answer's pieces. Out: each label's number, where it was first called, and what it says. */
import type { Block } from "./nodes";
import type { Piece } from "./reader";

export interface Note {
  label: string;
  number: number;
  /** Null: no definition (yet). */
  content: Block[] | null;
  /** The piece that calls it first, or null where none does. */
  from: number | null;
}

/** In the order they are called in; those that nothing calls stand at the end, since dropping them would lose text. */
export function notesOf(pieces: readonly Piece[]): Note[] {
  const content = new Map<string, Block[]>();
  for (const { block } of pieces) {
    if (block.type === "note" && !content.has(block.label)) content.set(block.label, block.children);
  }
  const notes = new Map<string, Note>();
  const add = (label: string, from: number | null): void => {
    if (notes.has(label)) return;
    notes.set(label, { label, number: notes.size + 1, content: content.get(label) ?? null, from });
  };
  for (const piece of pieces)
    if (piece.block.type !== "note") for (const label of piece.references) add(label, piece.key);
  for (const piece of pieces) if (piece.block.type === "note") for (const label of piece.references) add(label, null);
  for (const label of content.keys()) add(label, null);
  return [...notes.values()];
}

/**
 * Without those that are called but never defined, once nothing more can come: their calls are shown as they are written.
 */
export function definedNotes(notes: readonly Note[]): Note[] {
  return notes.filter((note) => note.content !== null).map((note, index) => ({ ...note, number: index + 1 }));
}

/** What one piece has to know of the notes, as a string: equal strings mean that it need not be rendered again. */
export function callsOf(piece: Piece, notes: readonly Note[]): string {
  if (piece.references.length === 0) return "";
  const own = new Set(piece.references);
  return JSON.stringify(
    notes
      .filter((note) => own.has(note.label))
      .map(({ label, number, content, from }): Call => [label, number, content !== null, from === piece.key]),
  );
}

/** Its label, its number, whether it can be gone to, whether the first call of it is here (and is gone back to). */
export type Call = [label: string, number: number, defined: boolean, first: boolean];

export function readCalls(calls: string): ReadonlyMap<string, Call> {
  if (calls === "") return NO_CALLS;
  const list: Call[] = JSON.parse(calls);
  return new Map(list.map((call) => [call[0], call]));
}

const NO_CALLS: ReadonlyMap<string, Call> = new Map();
