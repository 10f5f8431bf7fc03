/** The on-screen keyboard. In: the part of the page that is seen. Out: pixels at the foot that it covers, kept free there. */
import { type RefObject, useEffect } from "react";

/** Less is the browser's own bars coming and going. */
const BAR = 80;

/**
 * How much of the layout is covered. Browsers that shrink the layout themselves (interactive-widget=resizes-content) give 0,
 * and a page that is zoomed in is covered by nothing.
 */
export function covered(layout: number, seen: { height: number; offsetTop: number; scale: number }): number {
  if (seen.scale > 1.01) return 0;
  const hidden = Math.round(layout - seen.height - seen.offsetTop);
  return hidden > BAR ? hidden : 0;
}

export function useKeyboard(page: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const seen = window.visualViewport;
    if (!seen) return;
    const look = (): void => {
      const free = covered(window.innerHeight, seen);
      if (page.current) page.current.style.paddingBottom = free === 0 ? "" : `${free}px`;
    };
    seen.addEventListener("resize", look);
    seen.addEventListener("scroll", look);
    look();
    return () => {
      seen.removeEventListener("resize", look);
      seen.removeEventListener("scroll", look);
    };
  }, [page]);
}
