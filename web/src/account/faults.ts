/** What the server said against a form. In: a failure and the form's fields. Out: a sentence beside each field it means, and the rest. */
import { ApiFailure } from "@/api/failure";
import type { Language } from "@/api/types";
import { failureText } from "@/components/error-state";
import { faultText } from "@/components/reasons";
import type { Translate } from "@/i18n";
import { spanWords } from "@/i18n/amounts";
import { endOfWait } from "./waiting";

export type Faults<F extends string> = Partial<Record<F, string>>;

export interface Said<F extends string> {
  faults: Faults<F>;
  /** What belongs to no field that is there. */
  rest: string | null;
}

export interface Speech {
  t: Translate;
  language: Language;
  now: Date;
}

export function saidOf<F extends string>(error: unknown, fields: readonly F[], { t, language, now }: Speech): Said<F> {
  if (!(error instanceof ApiFailure)) return { faults: {}, rest: failureText(error, t) };
  if (error.status === 429 && (error.reason === null || error.reason.name === "attempts_used")) {
    const wait = error.retryAfter;
    if (wait === null) return { faults: {}, rest: t("account.too_many") };
    const values = { span: spanWords(wait, language), until: endOfWait(wait, now, language) };
    return { faults: {}, rest: t("account.too_many_until", values) };
  }
  const faults: Faults<F> = {};
  const others: string[] = [];
  for (const fault of error.fields) {
    const own = fields.find((one) => one === fault.field || fault.field.startsWith(`${one}.`));
    const words = faultText(fault, t);
    if (own === undefined) others.push(words);
    else faults[own] ??= words;
  }
  const none = Object.keys(faults).length === 0;
  return { faults, rest: none ? failureText(error, t) : others.join(" ") || null };
}
