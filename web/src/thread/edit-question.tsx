/** A message being edited in its place. In: the message. Out: the new text, which makes a new branch; the old one stays. */
import { useEffect, useRef, useState } from "react";
import type { Message } from "@/api/types";
import { Button } from "@/components/button";
import { useT } from "@/i18n";
import { editOf, keepEdit } from "./edits";
import { sendsOn } from "./keys";
import { useStore } from "./thread-context";
import { GROWING, useGrowing } from "./use-growing";

export interface EditQuestionProps {
  message: Message;
  onCancel: () => void;
  onSend: (text: string) => void;
}

export function EditQuestion({ message, onCancel, onSend }: EditQuestionProps) {
  const t = useT();
  const store = useStore();
  const [before] = useState(() => editOf(store, message.id));
  const [text, setText] = useState(before ?? message.content);
  const field = useRef<HTMLTextAreaElement>(null);
  useGrowing(field, text);
  useEffect(() => {
    // One that comes back into sight must not take the keyboard from where it is.
    if (before !== null) return;
    const element = field.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, [before]);
  const change = (next: string): void => {
    keepEdit(store, message.id, next);
    setText(next);
  };
  // With files and no words there is still something to ask about.
  const sendable = text.trim() !== "" || message.attachments.length > 0;
  const send = (): void => {
    if (sendable) onSend(text);
  };
  return (
    <form
      className="w-full rounded-3 border border-line-strong bg-surface p-3 shadow-1"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        dir="auto"
        rows={1}
        value={text}
        aria-label={t("message.editLabel")}
        className={`block max-h-[50dvh] coarse:min-h-11 w-full resize-none bg-transparent px-1 text-16 leading-normal outline-none ${GROWING}`}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.nativeEvent.isComposing) {
            event.stopPropagation();
            onCancel();
          } else if (sendsOn(event.nativeEvent)) {
            event.preventDefault();
            send();
          }
        }}
      />
      <div className="mt-2 flex flex-wrap justify-end gap-2">
        <Button kind="quiet" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
        <Button kind="primary" type="submit" disabled={!sendable}>
          {t("message.sendEdit")}
        </Button>
      </div>
    </form>
  );
}
