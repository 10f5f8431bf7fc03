/**
 * Theme and language. In: the cookie `alize_look`, the account, the browser. Out: what to show, and the cookie for the next visit.
 *
 * The server writes both into `<html>` from the cookie before the first byte of the page, so that nothing flashes. The cookie is
 * "theme.language", either part empty for "as the system (the browser) prefers": "dark.fr", ".ja", "light.".
 */
import type { Account, Language } from "@/api/types";
import { preferred } from "@/i18n";

export type Theme = Account["theme"];

export interface Look {
  theme: Theme;
  language: "" | Language;
}

export const LANGUAGES: readonly Language[] = ["en", "fr", "ja"];
/** Each in its own words, so that nobody is lost in a language they do not read. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", fr: "Français", ja: "日本語" };
const COOKIE = "alize_look";
const YEAR = 365 * 86_400; // s

/** The look that a Cookie header (or `document.cookie`) says. What is not understood counts as no choice. */
export function lookOf(cookies: string): Look {
  const value =
    cookies
      .split(/;\s*/)
      .find((one) => one.startsWith(`${COOKIE}=`))
      ?.slice(COOKIE.length + 1) ?? "";
  const [theme = "", language = ""] = value.split(".");
  return {
    theme: theme === "light" || theme === "dark" ? theme : "",
    language: LANGUAGES.find((one) => one === language) ?? "",
  };
}

/** The language of the words: the chosen one, or the browser's. */
export function languageOf({ language }: Look): Language {
  return language || preferred(navigator.languages);
}

export function cookieOf({ theme, language }: Look, path: string, secure: boolean): string {
  const flags = `Path=${path}; Max-Age=${YEAR}; SameSite=Lax${secure ? "; Secure" : ""}`;
  return `${COOKIE}=${theme}.${language}; ${flags}`;
}
