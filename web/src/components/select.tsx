/**
 * One of a few. In: choices. Out: the browser's own select in our clothes.
 *
 * Not Radix's: the native one opens the telephone's own picker, and Radix's writes a style element that the page's
 * Content-Security-Policy refuses.
 */
import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { classes } from "./classes";
import { FIELD, Field, type FieldProps } from "./field";

export interface Choice<T extends string> {
  value: T;
  label: string;
}

export interface SelectProps<T extends string>
  extends FieldProps,
    Omit<ComponentProps<"select">, "value" | "onChange" | "children"> {
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
}

export function Select<T extends string>({
  label,
  hint,
  error,
  hideLabel,
  value,
  choices,
  onChange,
  className,
  ...rest
}: SelectProps<T>) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel ?? false}>
      {(ids) => (
        <span className="relative block">
          <select
            {...rest}
            {...ids}
            value={value}
            onChange={(event) => {
              const chosen = choices.find((one) => one.value === event.target.value);
              if (chosen) onChange(chosen.value);
            }}
            className={classes(FIELD, "min-h-10 appearance-none pr-9", className)}
          >
            {choices.map((one) => (
              <option key={one.value} value={one.value}>
                {one.label}
              </option>
            ))}
          </select>
          <ChevronDown
            aria-hidden
            className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-ink-3"
          />
        </span>
      )}
    </Field>
  );
}
