/** Theme and language around the page. In: the cookie, the account, a choice. Out: `<html>`, the cookie, the account and the words agree. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { PREFIX } from "@/api/base";
import { server } from "@/api/client";
import { keys, useSession } from "@/api/queries";
import type { Account, Language, Session } from "@/api/types";
import { failureText } from "@/components/error-state";
import { useNotify } from "@/components/toast";
import { LanguageContext, loadWords, useT } from "@/i18n";
import { cookieOf, LANGUAGE_NAMES, type Look, languageOf, lookOf } from "./look";

export interface LookChoice extends Look {
  /** The language of the words on the page; the chosen one, as soon as its words are there. */
  shown: Language;
  /** The chosen language, where its words could not be fetched. */
  missing: Language | null;
  /** At once on the page and for the next visit; then in the account. */
  choose: (change: Partial<Look>) => void;
}

const LookContext = createContext<LookChoice | null>(null);

export function useLook(): LookChoice {
  const look = useContext(LookContext);
  if (look === null) throw new Error("This part of the page stands in a LookProvider.");
  return look;
}

/** Outside of the toasts, which need its words; what it has to say itself it says through `LookKeeper` inside of them. */
export function LookProvider({ children }: { children: ReactNode }) {
  const [look, setLook] = useState<Look>(() => lookOf(document.cookie));
  const wanted = languageOf(look);
  const [shown, setShown] = useState<Language>(wanted);
  const [missing, setMissing] = useState<Language | null>(null);
  const choose = useCallback((change: Partial<Look>) => setLook((now) => ({ ...now, ...change })), []);
  useEffect(() => {
    let late = false; // another language was chosen while this one was fetched
    setMissing(null);
    loadWords(wanted).then(
      () => late || setShown(wanted),
      () => late || setMissing(wanted),
    );
    return () => {
      late = true;
    };
  }, [wanted]);
  useEffect(() => {
    const root = document.documentElement;
    root.lang = shown;
    turn(root, look.theme);
    if (cookieChanged(look)) {
      // biome-ignore lint/suspicious/noDocumentCookie: the server reads it before the page exists; the Cookie Store API needs TLS
      document.cookie = cookieOf(look, PREFIX, location.protocol === "https:");
    }
    paintBrowser();
  }, [look, shown]);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", paintBrowser);
    return () => dark.removeEventListener("change", paintBrowser);
  }, []);
  const value = useMemo(() => ({ ...look, shown, missing, choose }), [look, shown, missing, choose]);
  return (
    <LookContext value={value}>
      <LanguageContext value={shown}>{children}</LanguageContext>
    </LookContext>
  );
}

/**
 * Keeps page and account in step. What the account newly says counts (the page opens; another device chose), else what is chosen
 * here: `said` is what the account said last, so that the two are told apart.
 */
export function LookKeeper() {
  const cache = useQueryClient();
  const notify = useNotify();
  const { theme, language, missing, choose } = useLook();
  const t = useT();
  const account = useSession().data?.account ?? null;
  const said = useRef<Account | null>(null);
  useEffect(() => {
    const before = said.current;
    said.current = account;
    if (account === null) return;
    if (before?.id !== account.id || before.theme !== account.theme || before.language !== account.language) {
      choose({ theme: account.theme, language: account.language });
    } else if (account.theme !== theme || account.language !== language) {
      const changed: Account = { ...account, theme, language };
      said.current = changed;
      cache.setQueryData<Session>(keys.session, (session) => session && { ...session, account: changed });
      server.call("PATCH /api/account", { body: { theme, language } }).catch((error: unknown) => {
        notify({ key: "look", kind: "failed", text: t("shell.look_not_kept", { reason: failureText(error, t) }) });
      });
    }
  }, [account, theme, language, choose, cache, notify, t]);
  useEffect(() => {
    if (missing === null) return;
    notify({ key: "look", kind: "failed", text: t("shell.words_missing", { name: LANGUAGE_NAMES[missing] }) });
  }, [missing, notify, t]);
  return null;
}

/** Colours change at once (styles.css): on their way from one theme to the other they would mix with those that are there. */
function turn(root: HTMLElement, theme: Look["theme"]): void {
  if ((root.dataset.theme ?? "") === theme) return;
  root.dataset.turning = "";
  if (theme === "") delete root.dataset.theme;
  else root.dataset.theme = theme;
  getComputedStyle(root).opacity; // the new colours are computed before anything may move again
  requestAnimationFrame(() => delete root.dataset.turning);
}

function cookieChanged(look: Look): boolean {
  const kept = lookOf(document.cookie);
  return kept.theme !== look.theme || kept.language !== look.language;
}

/** The colour of the browser's own bars, and of an installed page's title. */
function paintBrowser(): void {
  const paper = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", paper);
}
