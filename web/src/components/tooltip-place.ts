/** Where a tooltip goes. In: the control, the tooltip's size, the window, the side that is wanted. Out: its corner, inside the window. */
export type Side = "top" | "right" | "bottom" | "left";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Pixels between control and tooltip, and between tooltip and the window's edge. */
const OFFSET = 6;
const EDGE = 8;
const OPPOSITE: Record<Side, Side> = { top: "bottom", bottom: "top", left: "right", right: "left" };

/** On the wanted side, or on the opposite one where there is room only there. */
export function place(
  anchor: Box,
  size: { width: number; height: number },
  viewport: { width: number; height: number },
  wanted: Side,
): { left: number; top: number } {
  const side =
    !fits(anchor, size, viewport, wanted) && fits(anchor, size, viewport, OPPOSITE[wanted]) ? OPPOSITE[wanted] : wanted;
  const beside = side === "left" || side === "right";
  const left = beside
    ? side === "left"
      ? anchor.left - OFFSET - size.width
      : anchor.left + anchor.width + OFFSET
    : anchor.left + (anchor.width - size.width) / 2;
  const top = beside
    ? anchor.top + (anchor.height - size.height) / 2
    : side === "top"
      ? anchor.top - OFFSET - size.height
      : anchor.top + anchor.height + OFFSET;
  return { left: within(left, size.width, viewport.width), top: within(top, size.height, viewport.height) };
}

function fits(
  anchor: Box,
  size: { width: number; height: number },
  viewport: { width: number; height: number },
  side: Side,
) {
  switch (side) {
    case "top":
      return anchor.top - OFFSET - size.height >= EDGE;
    case "bottom":
      return anchor.top + anchor.height + OFFSET + size.height <= viewport.height - EDGE;
    case "left":
      return anchor.left - OFFSET - size.width >= EDGE;
    case "right":
      return anchor.left + anchor.width + OFFSET + size.width <= viewport.width - EDGE;
  }
}

/** At the edge that reading begins at, where it is wider than the window. */
function within(at: number, length: number, most: number): number {
  return Math.max(EDGE, Math.min(at, most - EDGE - length));
}
