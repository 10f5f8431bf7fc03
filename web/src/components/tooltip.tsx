/** What a control is called, and its keys. In: a control, its words. Out: the same control, with a tooltip on hover and focus. */
import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Keys } from "./keys";

export interface TooltipProps {
  label: string;
  /** As shown: ["Ctrl", "K"]. */
  shortcut?: readonly string[] | undefined;
  side?: "top" | "right" | "bottom" | "left";
  children: ReactNode;
}

/** Once around the page: after one tooltip was shown, the next come without waiting. */
export function TooltipProvider({ children }: { children: ReactNode }) {
  return (
    <Radix.Provider delayDuration={400} skipDelayDuration={200}>
      {children}
    </Radix.Provider>
  );
}

export function Tooltip({ label, shortcut, side = "bottom", children }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="floats z-50 flex max-w-72 items-center gap-2 rounded-1 bg-ink px-2 py-1 text-12 text-paper shadow-2"
        >
          {label}
          {shortcut && <Keys keys={shortcut} inverse />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
