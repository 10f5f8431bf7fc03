/** A button that is an icon. In: an icon, its name, its keys. Out: a button that says its name to everybody (tooltip and label). */
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";
import { Tooltip, type TooltipProps } from "./tooltip";

export interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label" | "title" | "children"> {
  label: string;
  icon: ReactNode;
  shortcut?: readonly string[] | undefined;
  side?: TooltipProps["side"];
  kind?: "quiet" | "primary";
  small?: boolean;
}

export function IconButton({
  label,
  icon,
  shortcut,
  side,
  kind = "quiet",
  small,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip label={label} shortcut={shortcut} {...(side === undefined ? {} : { side })}>
      <button
        type="button"
        {...rest}
        aria-label={label}
        className={classes(
          "inline-grid flex-none place-items-center rounded-1 transition disabled:opacity-40",
          small ? "size-7 coarse:size-11 [&_svg]:size-4" : "size-9 coarse:size-11 [&_svg]:size-[1.125rem]",
          kind === "primary"
            ? "rounded-full bg-sea text-sea-ink hover:opacity-90"
            : "text-ink-2 hover:bg-sunken hover:text-ink aria-expanded:bg-sunken aria-pressed:bg-sea-soft aria-pressed:text-sea",
          className,
        )}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
