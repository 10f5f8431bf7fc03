/** Footnotes, which GFM's grammar in marked lacks. In: text. Out: a definition or a reference, and how much of the text it took. */

export interface NoteDefinition {
  raw: string;
  label: string;
  /** The lines of the note, without their indentation. */
  content: string;
}

const DEFINITION = /^ {0,3}\[\^([^\]\s^]{1,64})\]:[ \t]*/;
const REFERENCE = /^\[\^([^\]\s^]{1,64})\](?!\(|:)/;

/** `[^label]: text`, with the lines that are indented under it or go on without a blank line. */
export function noteDefinition(text: string): NoteDefinition | null {
  const opening = DEFINITION.exec(text);
  if (!opening) return null;
  let at = opening[0].length;
  const lines: string[] = [];
  let pending = ""; // blank lines belong to the note only when an indented line follows
  while (at < text.length) {
    const end = text.indexOf("\n", at);
    const next = end < 0 ? text.length : end + 1;
    const line = text.slice(at, end < 0 ? text.length : end);
    const first = lines.length === 0;
    if (!line.trim() && !first) pending += text.slice(at, next);
    else if (!first && (DEFINITION.test(line) || (pending && !/^( {2,}|\t)/.test(line)))) break;
    else {
      if (pending)
        lines.push(
          ...pending
            .split("\n")
            .slice(0, -1)
            .map(() => ""),
        );
      pending = "";
      lines.push(first ? line : line.replace(/^( {1,4}|\t)/, ""));
    }
    at = next;
  }
  return {
    raw: text.slice(0, at - pending.length),
    label: labelOf(opening[1] ?? ""),
    content: lines.join("\n"),
  };
}

/** `[^label]`, wherever it stands in a line. */
export function noteReference(text: string): { raw: string; label: string } | null {
  const found = REFERENCE.exec(text);
  return found ? { raw: found[0], label: labelOf(found[1] ?? "") } : null;
}

/** Labels are told apart without regard to case. */
function labelOf(written: string): string {
  return written.toLowerCase();
}
