/** Words in three languages. In: a key and its values. Out: the text in the chosen language. English is the measure of completeness. */
import { createContext, useCallback, useContext } from "react";
import type { Language } from "@/api/types";
import { type Amount, amountText } from "./amounts";
import type { en } from "./en";

export type Key = keyof typeof en;
export type Value = string | number | Amount;
export type Values = Record<string, Value>;
export type Words = Record<Key, string>;

/** One chunk a language: a page speaks one, and three would be a tenth of all that is loaded. */
const SOURCES: Record<Language, () => Promise<Words>> = {
  en: async () => (await import("./en")).en,
  fr: async () => {
    const [{ fr }, { typeset }] = await Promise.all([import("./fr"), import("./french")]);
    // The keys of a catalog are keys: its type says so, which `Object.entries` forgets.
    return Object.fromEntries(Object.entries(fr).map(([key, text]) => [key, typeset(text)])) as Words;
  },
  ja: async () => (await import("./ja")).ja,
};
const loaded = new Map<Language, Words>();

/** Fetches the words of a language, once. Before that nothing can be said in it. Throws where they cannot be fetched. */
export async function loadWords(language: Language): Promise<void> {
  if (!loaded.has(language)) loaded.set(language, await SOURCES[language]());
}

/**
 * The text of a key, with {name} replaced by its value, numbers, sizes, times and lists as the language writes them. Plurals are "{count|one text|other text}"; in a form # is the number.
 *
 * translate("en", "message.tokens", { count: 2 }) → "2 tokens"
 */
export function translate(language: Language, key: Key, values: Values = {}): string {
  const words = loaded.get(language);
  if (words === undefined) throw new Error(`The words of "${language}" were not loaded.`);
  return words[key].replace(
    /\{(\w+)(?:\|([^{}|]*)\|([^{}|]*))?\}/g,
    (whole, name: string, one?: string, other?: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      if (typeof value === "object") return amountText(value, language);
      const number = () => new Intl.NumberFormat(language).format(Number(value));
      if (one === undefined || other === undefined) return typeof value === "number" ? number() : value;
      return (new Intl.PluralRules(language).select(Number(value)) === "one" ? one : other).replace("#", number);
    },
  );
}

/** Whether there are words for it. */
export function isKey(text: string): text is Key {
  return [...loaded.values()].some((words) => Object.hasOwn(words, text));
}

/** The names of the values that its text is made of. */
export function namesIn(key: Key): string[] {
  const [words] = loaded.values();
  return [...(words?.[key] ?? "").matchAll(/\{(\w+)/g)].map(([, name = ""]) => name);
}

export const LanguageContext = createContext<Language>("en");

export type Translate = (key: Key, values?: Values) => string;

/** `t` of the language around the component; the same function as long as the language is the same. */
export function useT(): Translate {
  const language = useContext(LanguageContext);
  return useCallback((key, values) => translate(language, key, values), [language]);
}

/** The first language of the browser that there is a catalog for. */
export function preferred(languages: readonly string[]): Language {
  for (const one of languages) {
    const short = one.slice(0, 2).toLowerCase();
    if (short === "en" || short === "fr" || short === "ja") return short;
  }
  return "en";
}
