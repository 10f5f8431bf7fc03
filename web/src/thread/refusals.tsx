/** Files that were not attached. In: which, and why. Out: a line for each of the first, the others behind a press. */

import { useContext } from "react";
import { LanguageContext, useT } from "@/i18n";
import { sizeText } from "@/i18n/amounts";
import type { Refusal } from "./attachments";

/** A folder dropped by mistake is hundreds of files. */
const SHOWN = 3;

export function Refusals({ refused }: { refused: readonly Refusal[] }) {
  const t = useT();
  const language = useContext(LanguageContext);
  const lines = refused.map((one, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: two files may have the same name
    <p key={index} className="mb-2">
      {refusalText(one, t, language)}
    </p>
  ));
  const shown = lines.length > SHOWN + 1 ? SHOWN : lines.length;
  const more = lines.length - shown;
  const text = more > 0 ? t("attach.more", { count: more }) : "";
  return (
    <div className="px-1.5 text-13 text-bad [overflow-wrap:anywhere]">
      <div role="alert">
        {lines.slice(0, shown)}
        {more > 0 && <p className="sr-only">{text}</p>}
      </div>
      {more > 0 && (
        <details className="mb-2">
          <summary className="min-h-6 cursor-pointer coarse:min-h-11 coarse:content-center">{text}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys */}
          <section tabIndex={0} aria-label={text} className="mt-2 max-h-32 overflow-y-auto">
            {lines.slice(shown)}
          </section>
        </details>
      )}
    </div>
  );
}

function refusalText(refusal: Refusal, t: ReturnType<typeof useT>, language: string): string {
  const { name } = refusal;
  switch (refusal.why) {
    case "blind":
    case "deaf":
      return t(`attach.${refusal.why}`, { name, model: refusal.model });
    case "together":
      return t("attach.together", { name, most: sizeText(refusal.most, language) });
    case "many":
      return t("attach.many", { name, count: refusal.most });
    case "large":
      return t("attach.large", {
        name,
        size: sizeText(refusal.size, language),
        most: sizeText(refusal.most, language),
      });
    default:
      return t(`attach.${refusal.why}`, { name });
  }
}
