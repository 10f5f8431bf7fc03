/** Focus after a way to a conversation was taken. In: nothing. Out: focus in the writing field, or on the page where a keyboard would cover it. */
export function focusWriting(): void {
  const fine = matchMedia("(pointer: fine)").matches;
  // After the frame in which the new page appears and the dialog that led to it is gone.
  requestAnimationFrame(() => document.getElementById(fine ? "composer" : "main")?.focus({ preventScroll: true }));
}
