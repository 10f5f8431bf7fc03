/** An attached file. In: its name and text. Out: a chip that says how long it is, and can be taken off where that is possible. */
import { FileText, X } from "lucide-react";
import type { Attachment } from "@/api/types";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";
import { revealed } from "@/markdown/hidden";

export function FileChip({ file, onRemove }: { file: Attachment; onRemove?: () => void }) {
  const t = useT();
  return (
    <span className="inline-flex max-w-full items-center gap-2 rounded-2 border border-line bg-surface py-1 ps-2.5 pe-2.5 text-13">
      <FileText aria-hidden className="size-4 flex-none text-ink-3" />
      <bdi className="truncate">{revealed(file.name)}</bdi>
      <small className="whitespace-nowrap text-12 text-ink-3">
        {t("attach.lines", { count: file.text.split("\n").length })}
      </small>
      {onRemove && (
        <IconButton
          small
          label={t("composer.remove", { name: revealed(file.name) })}
          icon={<X />}
          className="-me-1.5 size-6"
          onClick={onRemove}
        />
      )}
    </span>
  );
}
