/** Where one types. In: the draft, and the answer that runs. Out: a field that grows, files, send and stop. */
import { ArrowUp, Paperclip, Square } from "lucide-react";
import { type ReactNode, type RefObject, useContext, useRef } from "react";
import { IconButton } from "@/components/icon-button";
import { LanguageContext, useT } from "@/i18n";
import { useCoarsePointer } from "@/shell/use-media";
import { acceptOf, type Limits, limitsText, type Refusal, type Senses, takenBy } from "./attachments";
import { FileChip } from "./file-chip";
import { sendsOn } from "./keys";
import { Refusals } from "./refusals";
import type { Typed } from "./send";
import { UploadChip } from "./upload-chip";
import { type Draft, useTyped, useUploads } from "./use-draft";
import { GROWING, useGrowing } from "./use-growing";

export interface ComposerProps {
  draft: Draft;
  limits: Limits | undefined;
  senses: Senses;
  refused: readonly Refusal[];
  /** Files are being read, which go with what is sent next. */
  reading: boolean;
  onFiles: (files: Iterable<File>) => void;
  onSend: () => void;
  /** Null: nothing runs. */
  onStop: (() => void) | null;
  stopping: boolean;
  /** Further chips beside the paper clip. */
  children?: ReactNode;
}

/** Each part of it reads of the draft what it shows: a key renders the field, and the first one the buttons. */
export function Composer(props: ComposerProps) {
  const { draft, limits, senses, refused, reading, onFiles, onSend, onStop, stopping, children } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const send = (): void => {
    if (isSendable(draft.typed()) && !reading && draft.uploads.of(draft.key).length === 0) onSend();
  };
  return (
    <form
      // Above the fade behind it (thread.css), which would cut its shadow.
      className="relative mx-auto max-w-measure rounded-3 border border-line-strong bg-surface p-3 shadow-2 focus-within:border-ink-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
        field.current?.focus();
      }}
    >
      <Files draft={draft} refused={refused} />
      <Field field={field} draft={draft} onFiles={onFiles} onEnter={send} queues={onStop !== null} />
      <div className="flex items-center gap-1">
        <Attach limits={limits} senses={senses} onFiles={onFiles} />
        {children}
        <Send draft={draft} reading={reading} onStop={onStop} stopping={stopping} />
      </div>
    </form>
  );
}

function isSendable({ text, attachments }: Typed): boolean {
  return text.trim() !== "" || attachments.length > 0;
}

interface FieldProps extends Pick<ComposerProps, "draft" | "onFiles"> {
  field: RefObject<HTMLTextAreaElement | null>;
  onEnter: () => void;
  /** What is sent now waits for the answer that runs. */
  queues: boolean;
}

function Field({ field, draft, onFiles, onEnter, queues }: FieldProps) {
  const t = useT();
  const coarse = useCoarsePointer(); // a finger drops no file
  const text = useTyped(draft, ({ text }) => text);
  useGrowing(field, text);
  return (
    <textarea
      id="composer"
      ref={field}
      dir="auto"
      rows={1}
      value={text}
      aria-label={t("composer.label")}
      placeholder={t(
        queues ? "composer.placeholderQueue" : coarse ? "composer.placeholderTouch" : "composer.placeholder",
      )}
      enterKeyHint="send"
      autoComplete="off"
      className={`block max-h-[40dvh] coarse:min-h-11 w-full resize-none bg-transparent px-1.5 pt-0.5 pb-3 text-16 leading-normal outline-none placeholder:text-ink-3 ${GROWING}`}
      onChange={(event) => draft.setText(event.target.value)}
      onKeyDown={(event) => {
        if (!sendsOn(event.nativeEvent)) return;
        event.preventDefault();
        onEnter();
      }}
      onPaste={(event) => {
        const { files, types } = event.clipboardData;
        // Tables copied from an office program come as text and as a picture of it: the text is meant.
        if (files.length === 0 || types.includes("text/plain")) return;
        event.preventDefault();
        onFiles(files);
      }}
    />
  );
}

function Send({ draft, reading, onStop, stopping }: Pick<ComposerProps, "draft" | "reading" | "onStop" | "stopping">) {
  const t = useT();
  const uploads = useUploads(draft);
  const waits = reading || uploads.length > 0;
  const typed = useTyped(draft, isSendable);
  const sendable = typed && !waits;
  return (
    <span className="ms-auto flex gap-1.5">
      {onStop && (
        <IconButton
          label={t(stopping ? "composer.stopping" : "composer.stop")}
          icon={<Square className="size-3.5! fill-current" />}
          kind={sendable ? "quiet" : "primary"}
          side="top"
          aria-disabled={stopping}
          className={sendable ? "rounded-full border border-line-strong" : "aria-disabled:opacity-60"}
          onClick={() => {
            if (!stopping) onStop();
          }}
        />
      )}
      {(typed || waits || !onStop) && (
        <IconButton
          type="submit"
          kind="primary"
          side="top"
          label={t(waits ? "composer.sendWaits" : "composer.send")}
          shortcut={["Enter"]}
          icon={<ArrowUp />}
          aria-disabled={!sendable}
          className="aria-disabled:opacity-40"
        />
      )}
    </span>
  );
}

function Attach({ limits, senses, onFiles }: Pick<ComposerProps, "limits" | "senses" | "onFiles">) {
  const t = useT();
  const language = useContext(LanguageContext);
  const input = useRef<HTMLInputElement>(null);
  if (!limits || limits.attachments === 0) return null;
  const said = limitsText(limits, senses, t, language);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={acceptOf(limits, senses)}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
      <IconButton
        label={`${t(`composer.attach${takenBy(senses)}`)}. ${said}`}
        icon={<Paperclip />}
        side="top"
        className="rounded-full border border-line"
        onClick={() => input.current?.click()}
      />
    </>
  );
}

function Files({ draft, refused }: Pick<ComposerProps, "draft" | "refused">) {
  const attachments = useTyped(draft, ({ attachments }) => attachments);
  const uploads = useUploads(draft);
  return (
    <>
      {attachments.length + uploads.length > 0 && (
        <ul className="mb-2 flex flex-wrap gap-2">
          {attachments.map((file, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files may have the same name
            <li key={index} className="max-w-full">
              <FileChip file={file} onRemove={() => draft.setFiles(attachments.filter((one) => one !== file))} />
            </li>
          ))}
          {uploads.map((one) => (
            <li key={one.key} className="max-w-full">
              <UploadChip
                upload={one}
                onCancel={() => draft.uploads.cancel(one.key)}
                onRetry={() => draft.uploads.retry(one.key)}
              />
            </li>
          ))}
        </ul>
      )}
      <Refusals refused={refused} />
    </>
  );
}
