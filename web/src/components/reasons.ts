/** Why something was refused, in the person's language. In: a reason's name and values, as the server gave them. Out: a whole sentence. */
import type { FieldFault, Reason } from "@/api/failure";
import { isKey, type Key, namesIn, type Translate, type Value } from "@/i18n";
import { revealed } from "@/markdown/hidden";

/** null: a reason of another server's version, which this page has no words for, or one whose words want a value that is not there. */
export function reasonText({ name, values }: Reason, t: Translate): string | null {
  const key = `because.${name}`;
  if (!isKey(key) || namesIn(key).some((of) => !Object.hasOwn(values, of))) return null;
  const shown = Object.entries(values).map(([of, value]) => [of, shownAs(of, value, t)] as const);
  return t(key, Object.fromEntries(shown)).trim();
}

/** How a value is written goes by its name (src/alize/reasons.py). What is hidden in it could turn the sentence around, and is shown. */
function shownAs(name: string, value: Reason["values"][string], t: Translate): Value {
  if (Array.isArray(value)) return { list: value.map(revealed) };
  if (typeof value !== "number") {
    const text = revealed(value);
    if (name === "words") return text === "" ? "" : t("quoted.words", { words: text });
    return name === "detail" ? t("quoted.detail", { detail: text }) : text;
  }
  if (/(^|_)bytes$/.test(name)) return { bytes: value };
  if (name === "most_seconds") return { length: value };
  return name === "seconds" ? { wait: value } : value;
}

/** By the kind of a 422's complaint, as pydantic names them: its words, and what pydantic calls the limit that they say. */
export const FAULT_WORDS: Readonly<Record<string, readonly [Key, string?]>> = {
  missing: ["fault.missing"],
  extra_forbidden: ["fault.unknown"],
  string_too_long: ["fault.long", "max_length"],
  string_too_short: ["fault.short", "min_length"],
  too_long: ["fault.many", "max_length"],
  too_short: ["fault.few", "min_length"],
  greater_than_equal: ["fault.least", "ge"],
  greater_than: ["fault.above", "gt"],
  less_than_equal: ["fault.most", "le"],
  less_than: ["fault.below", "lt"],
  literal_error: ["fault.choice", "expected"],
  string_pattern_mismatch: ["fault.form"],
  timezone_aware: ["fault.moment"],
  datetime_from_date_parsing: ["fault.moment"],
  datetime_parsing: ["fault.moment"],
  datetime_type: ["fault.moment"],
  string_type: ["fault.kind"],
  int_type: ["fault.kind"],
  int_parsing: ["fault.kind"],
  int_from_float: ["fault.kind"],
  float_type: ["fault.kind"],
  finite_number: ["fault.kind"],
  bool_type: ["fault.kind"],
  bool_parsing: ["fault.kind"],
  list_type: ["fault.kind"],
  dict_type: ["fault.kind"],
  model_type: ["fault.kind"],
  model_attributes_type: ["fault.kind"],
  none_required: ["fault.kind"],
};

/** What is wrong with one field: by its reason, by its kind, or as the server says it. */
export function faultText(fault: FieldFault, t: Translate): string {
  const worded = fault.reason && reasonText(fault.reason, t);
  if (worded) return worded;
  const [key, limit] = FAULT_WORDS[fault.kind ?? ""] ?? [];
  const value = limit === undefined ? 0 : fault.limits?.[limit];
  if (key === undefined || (typeof value !== "number" && typeof value !== "string"))
    return t("error.field", { detail: t("quoted.detail", { detail: fault.message }) });
  // Choices come as "'a', 'b' or 'c'".
  return t(key, {
    limit: typeof value === "string" ? { list: value.match(/(?<=')[^']+(?=')/g)?.filter(isWord) ?? [] } : value,
  });
}

/** What stands between two choices in their list is none. */
function isWord(text: string): boolean {
  return /^\S+$/.test(text) && text !== ",";
}
