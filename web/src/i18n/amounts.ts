/** What is counted in units, and lists. In: bytes, seconds or names. Out: the language's own words for them. */
import type { Language } from "@/api/types";

/** A value that is no plain number or text. `wait`, `length`: seconds. */
export type Amount = { bytes: number } | { wait: number } | { length: number } | { list: readonly string[] };

export function amountText(amount: Amount, language: Language): string {
  if ("bytes" in amount) return sizeText(amount.bytes, language);
  if ("wait" in amount) return spanWords(amount.wait, language);
  if ("length" in amount) return lengthWords(amount.length, language);
  return new Intl.ListFormat(language, { type: "conjunction" }).format(amount.list);
}

/** 262144 → "256 KB", in the person's own numerals. */
export function sizeText(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  const unit = units[at] ?? "byte";
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: unit === "byte" ? "long" : "short", // the short form of a byte is "byte", of 500 and in Japanese, too
    maximumFractionDigits: value < 10 && at > 0 ? 1 : 0,
  }).format(value);
}

/** How long to wait, rounded up: who comes back earlier is refused again. spanWords(61, "en") → "2 minutes"; spanWords(0.2, "fr") → "1 seconde" */
export function spanWords(seconds: number, language: Language): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60) return inUnit(whole, "second", language);
  return whole <= 3600
    ? inUnit(Math.ceil(whole / 60), "minute", language)
    : inUnit(Math.ceil(whole / 3600), "hour", language);
}

/** How long something may be, exactly. lengthWords(1800, "en") → "30 minutes"; lengthWords(90, "en") → "90 seconds" */
export function lengthWords(seconds: number, language: Language): string {
  return seconds >= 60 && seconds % 60 === 0
    ? inUnit(seconds / 60, "minute", language)
    : inUnit(seconds, "second", language);
}

function inUnit(count: number, unit: "second" | "minute" | "hour", language: Language): string {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
