/** Something small beside a control. In: a trigger and content. Out: a box that floats; Escape and a click outside close it. */
import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { classes } from "./classes";

export interface PopoverProps {
  trigger: ReactNode;
  /** What the box is, for those who do not see it. */
  label: string;
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  className?: string;
  children: ReactNode;
}

export function Popover({
  trigger,
  label,
  align = "start",
  side = "bottom",
  className,
  children,
  ...rest
}: PopoverProps) {
  return (
    <Radix.Root {...rest}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className={classes(
            "floats z-50 max-h-(--radix-popover-content-available-height) max-w-[calc(100vw-1rem)] overflow-y-auto rounded-2 border border-line bg-surface p-3 text-ink shadow-2 outline-none",
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
