/** What the person said. In: a message id. Out: its bubble with files, versions and actions; editing happens in place. */
import { Check } from "lucide-react";
import { memo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { IconButton } from "@/components/icon-button";
import { CopyIcon, PencilIcon } from "@/components/row-icons";
import { useT } from "@/i18n";
import { focusWriting } from "@/shell/focus-writing";
import { BranchWalker } from "./branch-walker";
import { EditQuestion } from "./edit-question";
import { editOf, keepEdit } from "./edits";
import { FileChip } from "./file-chip";
import { useMessage, useStore } from "./thread-context";
import { useCopy } from "./use-copy";

/** Longer messages are folded: pasted logs would bury the conversation. */
const FOLDED = 3_000; // characters

export const Question = memo(function Question({ id }: { id: string }) {
  const t = useT();
  const store = useStore();
  const message = useMessage(id);
  const [editing, setEditing] = useState(() => editOf(store, id) !== null);
  const [whole, setWhole] = useState(false);
  const [copyText, copied] = useCopy();
  const button = useRef<HTMLButtonElement>(null);
  if (!message) return null;
  const { content, attachments } = message;
  const long = content.length > FOLDED;
  const shown = long && !whole ? `${content.slice(0, FOLDED)}…` : content;
  const endEdit = (): void => {
    keepEdit(store, id, null);
    flushSync(() => setEditing(false));
  };

  return (
    <article className="group/turn flex flex-col items-end gap-1">
      <h2 className="sr-only">{t("thread.youSaid")}</h2>
      {editing ? (
        <EditQuestion
          message={message}
          onCancel={() => {
            endEdit();
            button.current?.focus();
          }}
          onSend={(text) => {
            endEdit();
            store.send({ text, attachments }, message.parent);
            focusWriting();
          }}
        />
      ) : (
        <div
          dir="auto"
          className="max-w-[85%] rounded-3 rounded-br-1 bg-said px-4 py-2.5 text-16 leading-normal max-md:max-w-[92%]"
        >
          {attachments.length > 0 && (
            <div className="mb-2 flex flex-wrap gap-2">
              {attachments.map((file, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two files may have the same name, and their order never changes
                <FileChip key={index} file={file} />
              ))}
            </div>
          )}
          <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{shown}</p>
          {long && (
            <button
              type="button"
              aria-expanded={whole}
              className="touch mt-2 font-[550] text-13 text-sea"
              onClick={() => setWhole(!whole)}
            >
              {t(whole ? "message.showLess" : "message.showAll")}
            </button>
          )}
        </div>
      )}
      {!editing && (
        <div className="-mb-4 coarse:-mb-2 -me-1.5 flex items-center gap-0.5 text-ink-3 print:hidden">
          <span className="quiet-actions flex">
            <IconButton
              small
              label={copied ? t("common.copied") : t("message.copyText")}
              icon={copied ? <Check /> : <CopyIcon />}
              onClick={() => copyText({ plain: content })}
            />
            <IconButton
              ref={button}
              small
              label={t("message.edit")}
              icon={<PencilIcon />}
              onClick={() => setEditing(true)}
            />
          </span>
          <BranchWalker id={id} />
        </div>
      )}
    </article>
  );
});
