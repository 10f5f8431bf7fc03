/** How long to wait. In: seconds. Out: a span in the language's words, rounded up: who comes back earlier is refused again. */
import type { Language } from "@/api/types";

/** spanWords(61, "en") → "2 minutes"; spanWords(0.2, "fr") → "1 seconde" */
export function spanWords(seconds: number, language: Language): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60) return inUnit(whole, "second", language);
  return whole <= 3600
    ? inUnit(Math.ceil(whole / 60), "minute", language)
    : inUnit(Math.ceil(whole / 3600), "hour", language);
}

/** The time of day when it is over, which stays true while the sentence is read. */
export function endOfWait(seconds: number, now: Date, language: Language): string {
  const end = new Date(now.getTime() + Math.ceil(seconds) * 1000);
  const timeStyle = seconds < 60 ? "medium" : "short";
  // To the minute, the time would be up to a minute early: the next one is said.
  const shown = timeStyle === "short" ? new Date(Math.ceil(end.getTime() / 60_000) * 60_000) : end;
  return new Intl.DateTimeFormat(language, { timeStyle }).format(shown);
}

function inUnit(count: number, unit: "second" | "minute" | "hour", language: Language): string {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
