/** Until when to wait. In: seconds from now. Out: the time of day, never before the end: who comes back earlier is refused again. */
import type { Language } from "@/api/types";

/** The time of day when it is over, which stays true while the sentence is read. */
export function endOfWait(seconds: number, now: Date, language: Language): string {
  const end = new Date(now.getTime() + Math.ceil(seconds) * 1000);
  const timeStyle = seconds < 60 ? "medium" : "short";
  // To the minute, the time would be up to a minute early: the next one is said.
  const shown = timeStyle === "short" ? new Date(Math.ceil(end.getTime() / 60_000) * 60_000) : end;
  return new Intl.DateTimeFormat(language, { timeStyle }).format(shown);
}
