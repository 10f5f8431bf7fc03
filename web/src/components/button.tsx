/** A button with words. In: its kind and whether its action is under way. Out: a native button. */
import type { ComponentProps } from "react";
import { classes } from "./classes";

export type ButtonKind = "primary" | "plain" | "quiet" | "danger";

export interface ButtonProps extends ComponentProps<"button"> {
  kind?: ButtonKind;
  /** Its action runs: pressed again it does nothing, and it keeps focus (which `disabled` would lose). */
  busy?: boolean;
}

const KINDS: Record<ButtonKind, string> = {
  primary: "bg-sea text-sea-ink hover:opacity-90 active:opacity-80",
  plain: "border border-line-strong bg-surface text-ink hover:bg-sunken",
  quiet: "text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "border border-bad text-bad hover:bg-bad-soft",
};

export function buttonClasses(kind: ButtonKind = "plain", more?: string): string {
  return classes(
    "inline-flex min-h-9 coarse:min-h-11 items-center justify-center gap-2 rounded-2 px-3.5 py-1.5 font-[550] transition [overflow-wrap:break-word]",
    "disabled:opacity-50 aria-disabled:opacity-60",
    KINDS[kind],
    more,
  );
}

export function Button({ kind = "plain", busy = false, className, onClick, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      className={buttonClasses(kind, className)}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
