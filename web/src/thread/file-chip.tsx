/** An attached file. In: its name and content. Out: a chip that says how long it is, or shows or plays it; opens what is in it, and can be taken off where that is possible. */
import { AudioLines, FileText, X } from "lucide-react";
import { useState } from "react";
import { attachmentAddress } from "@/api/actions";
import type { Attachment } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";
import { revealed } from "@/markdown/hidden";
import { isPicture, isSound } from "./attachments";

export function FileChip({ file, onRemove }: { file: Attachment; onRemove?: () => void }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const name = revealed(file.name);
  const picture = isPicture(file);
  const sound = isSound(file);
  if (picture && !onRemove)
    return <img src={attachmentAddress(file)} alt={name} className="max-h-72 max-w-full self-start rounded-2" />;
  if (sound && !onRemove) return <Player file={file} name={name} />;
  return (
    <span className="inline-flex max-w-full items-center rounded-2 border border-line bg-surface text-13">
      <button
        type="button"
        aria-haspopup="dialog"
        className="flex min-h-8 coarse:min-h-11 min-w-0 items-center gap-2 rounded-2 px-2.5 py-1 transition hover:bg-sunken"
        onClick={() => setOpen(true)}
      >
        {picture ? (
          <img src={attachmentAddress(file)} alt="" className="size-9 flex-none rounded-1 object-cover" />
        ) : sound ? (
          <AudioLines aria-hidden className="size-4 flex-none text-ink-3" />
        ) : (
          <FileText aria-hidden className="size-4 flex-none text-ink-3" />
        )}
        <bdi className="truncate">{name}</bdi>
        {!picture && !sound && (
          <>
            {" "}
            <small className="whitespace-nowrap text-12 text-ink-3">
              {t("attach.lines", { count: linesOf(file.text) })}
            </small>
          </>
        )}
      </button>
      {onRemove && (
        <IconButton
          small
          label={t("composer.remove", { name })}
          icon={<X />}
          className="me-1 size-6"
          onClick={onRemove}
        />
      )}
      {open && (
        <Dialog
          open
          onOpenChange={setOpen}
          title={name}
          className="w-[min(48rem,calc(100vw-2rem))] [overflow-wrap:anywhere]"
        >
          {picture ? (
            <img src={attachmentAddress(file)} alt={name} className="max-w-full rounded-2" />
          ) : sound ? (
            <Player file={file} name={name} />
          ) : (
            /* biome-ignore lint/a11y/noNoninteractiveTabindex: a long one is scrolled, by keys too */
            <pre tabIndex={0} dir="auto" className="whitespace-pre-wrap font-mono text-13 leading-normal">
              {file.text}
            </pre>
          )}
        </Dialog>
      )}
    </span>
  );
}

/** A person's own sound, as it was sent. */
function Player({ file, name }: { file: Attachment; name: string }) {
  return (
    <figure className="m-0 grid max-w-full gap-1 self-start">
      <figcaption className="truncate text-13 text-ink-2">
        <bdi>{name}</bdi>
      </figcaption>
      {/* biome-ignore lint/a11y/useMediaCaption: what is said in it is what the model is asked for */}
      <audio controls preload="metadata" src={attachmentAddress(file)} aria-label={name} className="w-96 max-w-full" />
    </figure>
  );
}

/** As an editor counts them: a line break at the end begins no line. */
function linesOf(text: string): number {
  if (text === "") return 0;
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
