/** When a key ends. In: what was chosen, the moment that it is. Out: the moment, null for never, or that the day is none to come. */
import type { Moment } from "@/api/types";
import { daysFrom, endOfDay } from "./moments";

export type Ends = "never" | "30" | "90" | "365" | "day";
export const ENDS: readonly Ends[] = ["never", "30", "90", "365", "day"];

/** keyEnds("30", "", now) → {at: "…"}; keyEnds("never", "", now) → {at: null}; keyEnds("day", "1999-01-01", now) → "fault" */
export function keyEnds(chosen: Ends, day: string, now: Date): { at: Moment | null } | "fault" {
  if (chosen === "never") return { at: null };
  if (chosen !== "day") return { at: daysFrom(now, Number(chosen)).toISOString() };
  const end = endOfDay(day);
  return end === null || end <= now ? "fault" : { at: end.toISOString() };
}
