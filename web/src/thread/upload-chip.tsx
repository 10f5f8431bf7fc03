/** A picture or a sound on its way. In: how far it is. Out: a chip that says so, with a way to end it, or to try again what failed. */
import { RotateCw, X } from "lucide-react";
import { useContext } from "react";
import { failureText } from "@/components/error-state";
import { IconButton } from "@/components/icon-button";
import { LanguageContext, useT } from "@/i18n";
import { revealed } from "@/markdown/hidden";
import type { Upload } from "./uploads";

export interface UploadChipProps {
  upload: Upload;
  onCancel: () => void;
  onRetry: () => void;
}

export function UploadChip({ upload, onCancel, onRetry }: UploadChipProps) {
  const t = useT();
  const language = useContext(LanguageContext);
  const name = revealed(upload.name);
  const { size, sent, failure } = upload;
  const share = size === 0 ? 0 : Math.min(1, sent / size); // what is sent around a file counts, too
  const percent = new Intl.NumberFormat(language, { style: "percent" }).format(share);
  return (
    <span className="inline-flex min-h-8 coarse:min-h-11 max-w-full items-center gap-2 rounded-2 border border-line bg-surface px-2.5 py-1 text-13">
      <bdi className="truncate">{name}</bdi>
      {failure === null ? (
        <>
          <progress
            aria-label={t("composer.uploading", { name })}
            value={share}
            className="h-1 w-16 flex-none accent-sea"
          />
          <small className="whitespace-nowrap text-12 text-ink-3">{percent}</small>
        </>
      ) : (
        <>
          <span role="alert" className="text-bad [overflow-wrap:anywhere]">
            {t("composer.uploadFailed", { reason: failureText(failure, t) })}
          </span>
          <IconButton small label={t("common.retry")} icon={<RotateCw />} className="size-6" onClick={onRetry} />
        </>
      )}
      <IconButton
        small
        label={t(failure === null ? "composer.cancelUpload" : "composer.remove", { name })}
        icon={<X />}
        className="-me-1 size-6"
        onClick={onCancel}
      />
    </span>
  );
}
