/**
 * A secret that is shown once. In: what it is, its text. Out: a part of the page with the text to copy, there until it is put away.
 *
 * No dialog: a stray Escape or click beside it would lose for good what cannot be shown again.
 */
import { Check, Copy } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import { Button } from "@/components/button";
import { TextField } from "@/components/field";
import { useT } from "@/i18n";
import { useCopy } from "@/thread/use-copy";

export interface OnceProps {
  title: string;
  what: string;
  /** The name of the field with the secret. */
  label: string;
  secret: string;
  copyLabel: string;
  doneLabel: string;
  onDone: () => void;
}

export function Once({ title, what, label, secret, copyLabel, doneLabel, onDone }: OnceProps) {
  const t = useT();
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [copy, copied] = useCopy();
  // After the dialog in which it was made has given focus back to its button.
  useEffect(() => {
    const timer = setTimeout(() => heading.current?.focus());
    return () => clearTimeout(timer);
  }, []);
  return (
    <section aria-labelledby={id} className="grid gap-3 rounded-3 border border-sea bg-surface p-4">
      <h3 id={id} ref={heading} tabIndex={-1} className="font-[620] text-16 [overflow-wrap:anywhere]">
        {title}
      </h3>
      <p className="text-ink-2 text-pretty">{what}</p>
      <TextField
        label={label}
        hideLabel
        value={secret}
        readOnly
        dir="ltr"
        spellCheck={false}
        autoComplete="off"
        onFocus={(event) => event.currentTarget.select()}
        className="font-mono text-13"
      />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" onClick={() => copy({ plain: secret })}>
          {copied ? <Check aria-hidden className="size-4" /> : <Copy aria-hidden className="size-4" />}
          {copied ? t("common.copied") : copyLabel}
        </Button>
        <Button onClick={onDone}>{doneLabel}</Button>
      </div>
    </section>
  );
}
