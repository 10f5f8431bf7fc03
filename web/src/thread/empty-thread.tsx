/** A conversation that has not begun. In: nothing. Out: what this place is for. */
import { useT } from "@/i18n";

export function EmptyThread(_: { onPick: (text: string) => void }) {
  const t = useT();
  return (
    <div className="mx-auto grid max-w-measure gap-2 pt-[18dvh] text-center">
      <h1 className="font-[620] text-28 tracking-[-0.02em]">{t("thread.emptyTitle")}</h1>
      <p className="text-16 text-ink-2">{t("thread.emptyText")}</p>
    </div>
  );
}
