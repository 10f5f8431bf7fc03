/** What the page needs to know of the screen and the day. In: media queries, the clock. Out: values that follow them. */
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const media = matchMedia(query);
      media.addEventListener("change", changed);
      return () => media.removeEventListener("change", changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Room for the rail beside the page (tokens of styles.css: 48rem). */
export function useWide(): boolean {
  return useMedia("(min-width: 48rem)");
}

export function useCoarsePointer(): boolean {
  return useMedia("(pointer: coarse)");
}

/** The day that it is, so that "today" does not stay yesterday's on a page that is open overnight. */
export function useToday(): Date {
  const [today, setToday] = useState(() => new Date());
  useEffect(() => {
    const look = () => setToday((last) => (new Date().toDateString() === last.toDateString() ? last : new Date()));
    const timer = setInterval(look, 60_000);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return today;
}
