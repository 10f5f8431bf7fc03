/** The foot of the rail. In: the session. Out: who is signed in, and the menu of settings, look, and signing out. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { Archive, Keyboard, KeyRound, LogOut, Settings } from "lucide-react";
import { server } from "@/api/client";
import { keys, useSession } from "@/api/queries";
import { failureText } from "@/components/error-state";
import { Menu, MenuChoice, MenuChoices, MenuHeading, MenuItem, MenuLine } from "@/components/menu";
import { useNotify } from "@/components/toast";
import { preferred, useT } from "@/i18n";
import { forgetThreads } from "@/thread/stores";
import { setEnded } from "./ended";
import { useHouse } from "./house-context";
import { LANGUAGE_NAMES, LANGUAGES } from "./look";
import { useLook } from "./look-provider";
import { makesKeys } from "./makes-keys";
import { tellTabs } from "./persons";
import { IS_MAC, shownKeys } from "./shortcuts";

export function AccountMenu() {
  const t = useT();
  const navigate = useNavigate();
  const { closeDrawer, openShortcuts } = useHouse();
  const session = useSession().data;
  const signOut = useSignOut();
  const name = session?.account?.name || session?.account?.email || t("shell.local_account");
  const go = (section: string) => {
    closeDrawer();
    void navigate({ to: "/settings/$", params: { _splat: section } });
  };
  return (
    <Menu
      align="start"
      side="top"
      className="min-w-60"
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-2 rounded-1 px-2 py-2 text-left transition hover:bg-[color-mix(in_srgb,var(--ink)_5%,transparent)]"
        >
          <span
            aria-hidden
            className="grid size-7 flex-none place-items-center rounded-full bg-sea-soft font-semibold text-12 text-sea"
          >
            {initial(name)}
          </span>
          <span className="min-w-0 leading-tight">
            <span className="sr-only">{t("shell.me")}</span>
            <span dir="auto" className="block truncate">
              {name}
            </span>
            {session?.account?.email && session.account.email !== name && (
              <span className="block truncate text-12 text-ink-2">{session.account.email}</span>
            )}
          </span>
        </button>
      }
    >
      <MenuItem icon={<Settings />} onSelect={() => go("")}>
        {t("shell.settings")}
      </MenuItem>
      {session && makesKeys(session) && (
        <MenuItem icon={<KeyRound />} onSelect={() => go("keys")}>
          {t("shell.api_keys")}
        </MenuItem>
      )}
      <MenuItem
        icon={<Archive />}
        onSelect={() => {
          closeDrawer();
          void navigate({ to: "/archived" });
        }}
      >
        {t("shell.archived")}
      </MenuItem>
      <MenuItem icon={<Keyboard />} shortcut={shownKeys("sheet", IS_MAC)} onSelect={openShortcuts}>
        {t("shortcuts.title")}
      </MenuItem>
      <MenuLine />
      <ThemeChoices />
      <LanguageChoices />
      {session && !session.no_auth && (
        <>
          <MenuLine />
          <MenuItem icon={<LogOut />} onSelect={() => void signOut()}>
            {t("shell.sign_out")}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}

function ThemeChoices() {
  const t = useT();
  const { theme, choose } = useLook();
  return (
    <>
      <MenuHeading>{t("shell.theme")}</MenuHeading>
      <MenuChoices
        aria-label={t("shell.theme")}
        value={theme}
        onValueChange={(value) => choose({ theme: value === "light" || value === "dark" ? value : "" })}
      >
        <MenuChoice value="light">{t("shell.theme_light")}</MenuChoice>
        <MenuChoice value="dark">{t("shell.theme_dark")}</MenuChoice>
        <MenuChoice value="">{t("shell.theme_system")}</MenuChoice>
      </MenuChoices>
    </>
  );
}

function LanguageChoices() {
  const t = useT();
  const { language, choose } = useLook();
  const browser = LANGUAGE_NAMES[preferred(navigator.languages)];
  return (
    <>
      <MenuHeading>{t("shell.language")}</MenuHeading>
      <MenuChoices
        aria-label={t("shell.language")}
        value={language}
        onValueChange={(value) => choose({ language: LANGUAGES.find((one) => one === value) ?? "" })}
      >
        {LANGUAGES.map((one) => (
          <MenuChoice key={one} value={one} lang={one}>
            {LANGUAGE_NAMES[one]}
          </MenuChoice>
        ))}
        <MenuChoice value="">{t("shell.language_browser", { name: browser })}</MenuChoice>
      </MenuChoices>
    </>
  );
}

/** Nothing of the person may stay in memory for the next one at this screen. */
export function useSignOut(): () => Promise<void> {
  const cache = useQueryClient();
  const router = useRouter();
  const notify = useNotify();
  const t = useT();
  return async () => {
    try {
      await server.call("DELETE /api/session");
    } catch (error) {
      return notify({ kind: "failed", text: t("shell.sign_out_failed", { reason: failureText(error, t) }) });
    }
    forgetThreads(cache); // while the session still says whose drafts they are
    cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
    setEnded(cache, "left");
    tellTabs();
    await cache.refetchQueries({ queryKey: keys.session });
    await router.invalidate();
  };
}

function initial(name: string): string {
  return Array.from(name)[0]?.toLocaleUpperCase() ?? "";
}
