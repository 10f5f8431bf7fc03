/**
 * Where the page is and how tall it is comes in; whether to follow the answer, and where to scroll to, goes out.
 *
 * Two modes. *Following*: the foot of the thread stays in sight while it grows. *Detached*: nothing but the reader moves
 * the page. Geometry alone decides, because wheels, fingers, keys, find-in-page and screen readers all scroll and only
 * geometry sees them all:
 *
 *   following → detached   the top moved up, and neither shrinking content nor a growing window explains it
 *   detached → following   the top moved down and came within NEAR of the foot, or the person jumps there
 *
 * Our own scrolling lands where we said, so its echo moves nothing. An event may come late: each carries the geometry
 * of now, so that a reader's move is seen before growth is answered.
 */

export interface Geometry {
  /** scrollTop, scrollHeight and clientHeight of the scroller, in CSS pixels. */
  top: number;
  height: number;
  viewport: number;
}

export interface Scroll {
  readonly mode: "following" | "detached";
  /** What was seen last; the top that moves are measured from. */
  readonly seen: Geometry;
}

export interface Verdict {
  state: Scroll;
  /** Set scrollTop to this now; null: leave the page alone. */
  scrollTo: number | null;
}

/** Closer to the foot than this, in pixels, counts as being there: two lines of an answer. */
export const NEAR = 48;
/** Browsers round scroll positions; a smaller difference is no move. Small moves add up, since `seen.top` waits for them. */
const ROUNDING = 1.5;

export const START: Scroll = { mode: "following", seen: { top: 0, height: 0, viewport: 0 } };

export function footOf(geometry: Geometry): number {
  return Math.max(0, geometry.height - geometry.viewport);
}

export function distanceToFoot(geometry: Geometry): number {
  return Math.max(0, footOf(geometry) - geometry.top);
}

/** Something scrolled, grew, shrank or was resized. */
export function observe(state: Scroll, now: Geometry): Verdict {
  const foot = footOf(now);
  // Where the browser itself puts a page whose foot came nearer.
  const expected = Math.min(state.seen.top, foot);
  const moved = now.top - expected;
  const mode = nextMode(state.mode, moved, now);
  if (mode === "detached") {
    const top = Math.abs(moved) > ROUNDING ? now.top : expected;
    return { state: { mode, seen: { ...now, top } }, scrollTo: null };
  }
  return follow(now, foot);
}

function nextMode(mode: Scroll["mode"], moved: number, now: Geometry): Scroll["mode"] {
  if (moved < -ROUNDING) return "detached";
  if (mode === "detached" && moved > ROUNDING && distanceToFoot(now) <= NEAR) return "following";
  return mode;
}

function follow(now: Geometry, foot: number): Verdict {
  const away = Math.abs(foot - now.top) > ROUNDING;
  return { state: { mode: "following", seen: { ...now, top: foot } }, scrollTo: away ? foot : null };
}

/** The person asked for the newest: by the button, the End key, or by sending. */
export function jump(now: Geometry): Verdict {
  return follow(now, footOf(now));
}

/** The person is being taken to a message further up (a search hit, a branch): do not pull them away. */
export function hold(now: Geometry): Verdict {
  return { state: { mode: "detached", seen: now }, scrollTo: null };
}

/** "Jump to latest" appears only where it does something. */
export function offersJump(state: Scroll): boolean {
  return state.mode === "detached" && distanceToFoot(state.seen) > NEAR;
}
