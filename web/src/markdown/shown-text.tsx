/** Text in which nothing hides. In: text. Out: the same, characters that cannot be seen replaced by their names. */
import type { ReactNode } from "react";
import { useT } from "@/i18n";
import { reveal, revealTurning, type Shown } from "./hidden";

/** For names, addresses and code. */
export function shown(text: string): ReactNode {
  return named(text, reveal(text));
}

/** For running text, where marks of direction belong and only overrides are shown. */
export function shownProse(text: string): ReactNode {
  return named(text, revealTurning(text));
}

function named(text: string, pieces: readonly Shown[]): ReactNode {
  if (pieces.length === 1 && pieces[0]?.hidden === false) return text; // nearly always
  let at = 0;
  return pieces.map((piece) => {
    at += piece.text.length;
    return piece.hidden ? <HiddenCharacter key={at} code={piece.text} /> : piece.text;
  });
}

function HiddenCharacter({ code }: { code: string }) {
  const t = useT();
  return (
    <span className="md-hidden" title={t("markdown.hidden", { code })}>
      {code}
    </span>
  );
}
