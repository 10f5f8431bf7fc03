/** The versions of a message. In: its id. Out: "2 / 3" with a step to either side, or nothing where there is one version. */
import { ChevronLeft, ChevronRight } from "lucide-react";
import { flushSync } from "react-dom";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";
import { placeAmong } from "./branches";
import { useStore, useView } from "./thread-context";

export function BranchWalker({ id }: { id: string }) {
  const t = useT();
  const store = useStore();
  const tree = useView((view) => view.thread.tree);
  const { number, of, previous, next } = placeAmong(tree, id);
  if (of < 2) return null;
  const step = (to: string | null, side: "previous" | "next") => () => {
    if (to === null) return;
    // The other version is another row with buttons of its own: the keyboard goes with it.
    flushSync(() => store.show(to));
    document.querySelector<HTMLElement>(`[data-walk="${side}"][data-version="${to}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset belongs to forms
    <span role="group" aria-label={t("message.version", { number, of })} className="inline-flex items-center">
      <IconButton
        small
        label={t("message.previous")}
        icon={<ChevronLeft className="rtl:-scale-x-100" />}
        aria-disabled={previous === null}
        className="aria-disabled:opacity-40"
        data-walk="previous"
        data-version={id}
        onClick={step(previous, "previous")}
      />
      <span aria-hidden className="min-w-8 text-center text-12 text-ink-3 tabular-nums">
        {number} / {of}
      </span>
      <IconButton
        small
        label={t("message.next")}
        icon={<ChevronRight className="rtl:-scale-x-100" />}
        aria-disabled={next === null}
        className="aria-disabled:opacity-40"
        data-walk="next"
        data-version={id}
        onClick={step(next, "next")}
      />
    </span>
  );
}
