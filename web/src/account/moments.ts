/** Moments in words. In: ISO 8601, a language. Out: the day, or the day and the time, where the reader is. */
import type { Language, Moment } from "@/api/types";

export function dayWords(moment: Moment, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(moment));
}

export function timeWords(moment: Moment, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** The last moment of the day that a date field says ("2026-03-31"), where the reader is. Null for what is no day. */
export function endOfDay(date: string): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (!parts) return null;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  const end = new Date(year, month - 1, day, 23, 59, 59);
  return end.getMonth() === month - 1 ? end : null;
}

const REMEMBERED = 30 * 86_400_000; // ms

/** What ended longer ago than a month is of no use in a list any more. `ends`: moments, those that are null did not come. */
export function longEnded(now: Date, ...ends: (Moment | null)[]): boolean {
  const ended = ends.filter((end) => end !== null).map((end) => new Date(end).getTime());
  return ended.length > 0 && now.getTime() - Math.min(...ended) > REMEMBERED;
}

export function daysFrom(now: Date, days: number): Date {
  return new Date(now.getTime() + days * 86_400_000);
}
