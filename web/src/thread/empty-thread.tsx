/** A conversation that has not begun. In: whether the model sees and hears, what to do with a suggestion. Out: what this place is for, and something to try. */
import { useT } from "@/i18n";
import { Suggestions } from "@/shell/suggestions";
import { type Senses, takenBy } from "./attachments";

export function EmptyThread({ senses, onPick }: { senses: Senses; onPick: (text: string) => void }) {
  const t = useT();
  return (
    <div className="mx-auto grid w-full max-w-measure shrink basis-[60dvh] content-center py-6">
      <h2 className="text-center font-[620] text-28 tracking-[-0.02em] text-balance max-md:text-20">
        {t("thread.emptyTitle")}
      </h2>
      <p className="mt-2 text-center text-16 text-ink-2 text-pretty">{t(`thread.emptyText${takenBy(senses)}`)}</p>
      <Suggestions onChoose={onPick} />
    </div>
  );
}
