/** An excerpt with its hits. In: a text and ranges of it. Out: the text, hits as `mark`. */
import { pieces } from "./highlight";

export function Excerpt({ text, marks }: { text: string; marks: readonly (readonly [number, number])[] }) {
  return (
    <bdi>
      {pieces(text, marks).map((piece) =>
        piece.marked ? <mark key={piece.start}>{piece.text}</mark> : <span key={piece.start}>{piece.text}</span>,
      )}
    </bdi>
  );
}
