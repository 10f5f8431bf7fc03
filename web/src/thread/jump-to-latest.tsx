/** The way back to the foot. In: whether it leads anywhere. Out: a button over the thread, or nothing. */
import { ArrowDown } from "lucide-react";
import { useT } from "@/i18n";

export function JumpToLatest({ shown, onJump }: { shown: boolean; onJump: () => void }) {
  const t = useT();
  if (!shown) return null;
  return (
    <button
      type="button"
      onClick={onJump}
      className="floats -top-12 -translate-x-1/2 absolute left-1/2 z-10 inline-flex min-h-9 coarse:min-h-11 items-center gap-2 whitespace-nowrap rounded-full border border-line-strong bg-surface px-3.5 font-[550] text-13 text-ink-2 shadow-2 hover:text-ink print:hidden"
    >
      <ArrowDown aria-hidden className="size-4" />
      {t("thread.jump")}
    </button>
  );
}
