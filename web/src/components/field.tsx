/** A labelled field of a form. In: its label, a hint, what is wrong with it. Out: the field, with both said beside it and heard with it. */
import { CircleAlert } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { classes } from "./classes";

export interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
  /** The label is heard only: for a field whose place says what it is. */
  hideLabel?: boolean;
}

export const FIELD =
  "w-full rounded-2 border border-line-strong bg-surface px-3 py-2 text-14 coarse:min-h-11 coarse:text-16 text-ink placeholder:text-ink-3 transition hover:border-ink-3 focus-visible:outline-offset-0 disabled:opacity-60 aria-invalid:border-bad";

export interface FieldIds {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

/** For a control of another kind: `children` gets the ids that tie label, hint and error to it. */
export function Field({
  label,
  hint,
  error,
  hideLabel,
  children,
}: FieldProps & { children: (ids: FieldIds) => ReactNode }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1.5 [overflow-wrap:anywhere]">
      <label htmlFor={id} className={hideLabel ? "sr-only" : "font-[550] text-14"}>
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {hint && (
        <div id={`${id}-hint`} className="text-13 text-ink-3">
          {hint}
        </div>
      )}
      {error && (
        <p id={`${id}-error`} className="flex items-start gap-1.5 text-13 text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 flex-none" />
          {error}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, error, hideLabel, className, ...rest }: FieldProps & ComponentProps<"input">) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel ?? false}>
      {(ids) => <input {...rest} {...ids} className={classes(FIELD, "min-h-10", className)} />}
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: FieldProps & ComponentProps<"textarea">) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel ?? false}>
      {(ids) => (
        <textarea rows={4} {...rest} {...ids} className={classes(FIELD, "resize-y leading-normal", className)} />
      )}
    </Field>
  );
}
