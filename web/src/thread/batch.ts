/**
 * Single items come in as fast as the network gives them; lists of them go out, at most one in two frames.
 *
 * At 200 tokens a second a render per token is three renders a frame, of which the eye sees one. The frame after a render is
 * left to keys and clicks: on a slow machine rendering takes all of a frame, and a key would wait for two of them. Nor is anything
 * rendered while a key waits to be seen, but for a tenth of a second at most: a key held down must not stop the answer. A hidden page
 * gets no frames, so a timer stands beside them: what arrives is folded in either way and never piles up unseen.
 */

/** Runs `work` soon and returns how to call it off. */
export type Schedule = (work: () => void) => () => void;

/** Milliseconds after which a page without frames is brought up to date. */
const WITHOUT_FRAMES = 250;

/** Frames that keys may put work off by. */
const MOST_PUT_OFF = 6;

/** Runs work in a frame, and none in the frame after it, nor while `busy`. */
export function everyOtherFrame(busy: () => boolean = () => false): Schedule {
  let rested = true;
  return (work) => {
    let frame = 0;
    const run = (): void => {
      callOff();
      rested = false;
      requestAnimationFrame(() => {
        rested = true;
      });
      work();
    };
    let putOff = 0;
    const runUnlessBusy = (): void => {
      if (busy() && putOff < MOST_PUT_OFF) {
        putOff += 1;
        ask();
      } else run();
    };
    const ask = (): void => {
      frame = requestAnimationFrame(runUnlessBusy);
    };
    if (rested) ask();
    else frame = requestAnimationFrame(ask);
    const timer = setTimeout(run, WITHOUT_FRAMES);
    const callOff = (): void => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
    return callOff;
  };
}

export interface Batch<Item> {
  push(item: Item): void;
  /** Hands out what waits, at once: before an answer is judged finished, or on the way out. */
  flush(): void;
  /** Drops what waits and takes no more. */
  close(): void;
}

/** `fold` gets every pushed item once, in order, never an empty list, and never from within `push`. */
export function createBatch<Item>(fold: (items: Item[]) => void, schedule: Schedule = everyOtherFrame()): Batch<Item> {
  let waiting: Item[] = [];
  let callOff: (() => void) | null = null;
  let open = true;

  const flush = (): void => {
    callOff?.();
    callOff = null;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    fold(items);
  };
  return {
    push(item) {
      if (!open) return;
      waiting.push(item);
      callOff ??= schedule(flush);
    },
    flush,
    close() {
      open = false;
      waiting = [];
      callOff?.();
      callOff = null;
    },
  };
}
