/** A key press in a text field. In: the event. Out: whether it sends. */

/** Chrome and Safari mark keys that an input method eats with this code, Safari even after the composition ended. */
const EATEN = 229;

export interface Press {
  key: string;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/** Enter sends and Shift+Enter is a new line; an Enter that chooses a word of an input method is neither. */
export function sendsOn({ key, shiftKey, altKey, isComposing, keyCode }: Press): boolean {
  return key === "Enter" && !shiftKey && !altKey && !isComposing && keyCode !== EATEN;
}
