/** A text that is being typed. In: each state of it. Out: the state that stood still for a moment, so that not every letter is a search. */
import { useEffect, useState } from "react";

const PAUSE = 150; // ms; with the search itself still under what one notices as waiting

export function useTyped(text: string): string {
  const [still, setStill] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setStill(text), text === "" ? 0 : PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return still;
}
