/**
 * Whether a key still waits to be seen. A key is seen in the second frame after it: the first renders it, the second is when it
 * stands on the screen. Work that can wait leaves both alone.
 */
const FRAMES = 3; // the two, and the one in which such work may begin again

let left = 0;

/** Begins to count at every key that is pressed in `target`. */
export function watchKeys(target: EventTarget): void {
  const count = (): void => {
    left -= 1;
    if (left > 0) requestAnimationFrame(count);
  };
  const pressed = (): void => {
    if (left === 0) requestAnimationFrame(count);
    left = FRAMES;
  };
  target.addEventListener("keydown", pressed, { capture: true, passive: true });
}

export function keyWaits(): boolean {
  return left > 0;
}
