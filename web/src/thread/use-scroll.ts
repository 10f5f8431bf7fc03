/** The state machine of scroll.ts at a real page. In: the scroller and what grows in it. Out: following, and the way back to the foot. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type Geometry, hold, jump, observe, offersJump, type Scroll, START, type Verdict } from "./scroll";

export interface Scrolling {
  scroller: React.RefObject<HTMLDivElement | null>;
  content: React.RefObject<HTMLDivElement | null>;
  offersJump: boolean;
  toLatest: () => void;
  /** Asked by the list before it corrects the scroll position itself: while the foot is followed, that is done here. */
  isFollowing: () => boolean;
  /** The person is taken elsewhere: let go of the foot. */
  letGo: () => void;
}

/** `fromTop`: a new chat stands at its head; there is no answer yet to be followed. */
export function useScroll(fromTop: boolean): Scrolling {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const state = useRef<Scroll>(fromTop ? { ...START, mode: "detached" } : START);
  const [offered, setOffered] = useState(false);

  const apply = useCallback((decide: (now: Geometry) => Verdict) => {
    const element = scroller.current;
    if (!element) return;
    const verdict = decide(geometryOf(element));
    state.current = verdict.state;
    // Not smooth: an animation is overtaken by the next growth, and reads as a move of the reader.
    if (verdict.scrollTo !== null) element.scrollTop = verdict.scrollTo;
    setOffered(offersJump(verdict.state));
  }, []);
  const look = useCallback(() => apply((now) => observe(state.current, now)), [apply]);

  useLayoutEffect(look, [look]);
  useEffect(() => {
    const element = scroller.current;
    const inside = content.current;
    if (!element || !inside) return;
    // Told after layout and before paint: the page grows and moves in the same frame.
    const resized = new ResizeObserver(look);
    resized.observe(element);
    resized.observe(inside);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [look]);

  const toLatest = useCallback(() => apply(jump), [apply]);
  const letGo = useCallback(() => apply(hold), [apply]);
  const isFollowing = useCallback(() => state.current.mode === "following", []);
  return { scroller, content, offersJump: offered, toLatest, isFollowing, letGo };
}

function geometryOf(element: HTMLElement): Geometry {
  return { top: element.scrollTop, height: element.scrollHeight, viewport: element.clientHeight };
}
