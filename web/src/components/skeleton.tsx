/** The place of what is being loaded. In: how many lines. Out: quiet bars, shown after 300 ms only, and one word for those who do not see. */
import { useT } from "@/i18n";
import { classes } from "./classes";

const WIDTHS = ["w-3/4", "w-11/12", "w-2/3", "w-5/6", "w-1/2"];

export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const t = useT();
  return (
    <div role="status" className={classes("after-a-moment grid gap-3", className)}>
      <span className="sr-only">{t("common.loading")}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing but their place
        <span key={line} aria-hidden className={classes("h-3.5 rounded-1 bg-line", WIDTHS[line % WIDTHS.length])} />
      ))}
    </div>
  );
}
