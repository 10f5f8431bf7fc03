/**
 * Stands in for `react-remove-scroll` (vite.config.ts), which Radix wraps around what is modal. In: the modal's content. Out: the same.
 *
 * There is nothing to hold still: the page itself never scrolls (styles.css), only panes do, and none of them is an ancestor of an
 * overlay. The original writes a style element, which the Content-Security-Policy refuses.
 */
import { Slot } from "radix-ui";
import type { ElementType, ReactNode } from "react";

export interface RemoveScrollProps {
  children?: ReactNode;
  as?: ElementType;
  allowPinchZoom?: boolean;
  enabled?: boolean;
  shards?: unknown[];
}

export function RemoveScroll({ as: As = Slot.Root, allowPinchZoom, enabled, shards, ...rest }: RemoveScrollProps) {
  return <As {...rest} />;
}
