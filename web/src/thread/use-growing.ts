/** A text field as high as its text. In: the field and its text. Out: its height; the style says how high at most. */
import { type RefObject, useLayoutEffect } from "react";

/** Where the browser does it itself (`field-sizing: content`), each key costs one layout instead of two. */
const NATIVE = typeof CSS !== "undefined" && CSS.supports?.("field-sizing", "content");

export const GROWING = "[field-sizing:content]";

export function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is what the height follows
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || NATIVE) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [field, text]);
}
