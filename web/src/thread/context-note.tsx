/** What of a long conversation the model still gets. In: how much of its context is used. Out: one line, or nothing to say. */
import { useContext } from "react";
import type { ContextUse } from "@/api/types";
import { LanguageContext, useT } from "@/i18n";

/** From this share on it is worth knowing that the end of the model's context comes near. */
const NEARLY = 0.8;

export function ContextNote({ use, onShow }: { use: ContextUse | undefined; onShow: (message: string) => void }) {
  const t = useT();
  const language = useContext(LanguageContext);
  if (!use || use.limit <= 0) return null;
  const { dropped, sent_from: from, used, limit } = use;
  if (dropped.length > 0) {
    return (
      <p role="status" className="mx-auto mb-2 max-w-measure px-1 text-13 text-warn">
        {t("context.dropped", { count: dropped.length })}{" "}
        {from !== null && (
          <button
            type="button"
            className="touch font-[550] text-sea underline underline-offset-2"
            onClick={() => onShow(from)}
          >
            {t("context.show")}
          </button>
        )}
      </p>
    );
  }
  if (used / limit < NEARLY) return null;
  const number = new Intl.NumberFormat(language);
  const percent = new Intl.NumberFormat(language, { style: "percent" }).format(Math.min(1, used / limit));
  return (
    <p className="mx-auto mb-2 max-w-measure px-1 text-12 text-ink-3">
      {t("context.use", { percent, used: number.format(used), limit: number.format(limit) })}
    </p>
  );
}
