/** What is too large to lay out. In: its text. Out: the text as it was written, folded when it is long. */
import { useState } from "react";
import { useT } from "@/i18n";
import { shown } from "./shown-text";

const FOLDED = 4_000; // characters

export function SourceBlock({ text }: { text: string }) {
  const t = useT();
  const [whole, setWhole] = useState(false);
  const folds = text.length > FOLDED;
  return (
    <figure className="md-source">
      <figcaption>{t("markdown.source")}</figcaption>
      <pre dir="auto">{shown(folds && !whole ? `${text.slice(0, FOLDED)}…` : text)}</pre>
      {folds && !whole && (
        <button type="button" className="md-fold" onClick={() => setWhole(true)}>
          {t("common.more")}
        </button>
      )}
    </figure>
  );
}
