/** A name changed in place. In: the name. Out: the new one on Enter or on leaving the field; Escape changes nothing. */
import { type RefObject, useEffect, useRef } from "react";
import { flushSync } from "react-dom";
import { useT } from "@/i18n";

const LONGEST = 200; // characters

export interface RenameFieldProps {
  title: string;
  onDone: (title: string) => void;
  onCancel: () => void;
  /** What has focus after Enter or Escape; who leaves the field for something else is there already. */
  back?: RefObject<HTMLElement | null>;
}

export function RenameField({ title, onDone, onCancel, back }: RenameFieldProps) {
  const t = useT();
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(false);
  useEffect(() => field.current?.select(), []);
  const end = (value: string | null) => {
    // Leaving the field, which its removal causes, must not count again after Enter or Escape.
    if (over.current) return;
    over.current = true;
    if (value === null) onCancel();
    else onDone(value);
  };
  return (
    <input
      ref={field}
      // biome-ignore lint/a11y/noAutofocus: the person asked for this field a moment ago
      autoFocus
      dir="auto"
      aria-label={t("shell.new_name")}
      defaultValue={title}
      maxLength={LONGEST}
      onBlur={(event) => end(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing) return;
        if (event.key !== "Enter" && event.key !== "Escape") return;
        // Focus goes back to the row's link while the key is down: without this it would be pressed by the same key.
        event.preventDefault();
        const value = event.key === "Enter" ? event.currentTarget.value : null;
        flushSync(() => end(value));
        back?.current?.focus();
      }}
      className="h-full min-h-8 w-full min-w-0 rounded-1 border border-sea bg-surface px-[0.4375rem] text-14 coarse:min-h-11 coarse:text-16 text-ink"
    />
  );
}
