/** The commands of the palette. In: the house, the look, the session. Out: each with its words, its icon and what it does. */
import { useNavigate } from "@tanstack/react-router";
import {
  Archive,
  Keyboard,
  KeyRound,
  Languages,
  LogOut,
  Moon,
  PanelLeft,
  Settings,
  SquarePen,
  Sun,
  SunMoon,
} from "lucide-react";
import { useSession } from "@/api/queries";
import { type Key, useT } from "@/i18n";
import { useSignOut } from "./account-menu";
import { useHouse } from "./house-context";
import { LANGUAGE_NAMES, LANGUAGES, type Theme } from "./look";
import { useLook } from "./look-provider";
import type { Command } from "./palette-items";
import { IS_MAC, shownKeys } from "./shortcuts";

const THEMES: { theme: Theme; key: Key; Icon: typeof Sun }[] = [
  { theme: "light", key: "shell.theme_light", Icon: Sun },
  { theme: "dark", key: "shell.theme_dark", Icon: Moon },
  { theme: "", key: "shell.theme_system", Icon: SunMoon },
];

/** What is so already is not offered. */
export function useCommands(): Command[] {
  const t = useT();
  const navigate = useNavigate();
  const house = useHouse();
  const look = useLook();
  const session = useSession().data;
  const signOut = useSignOut();
  const settings = (section: string) => void navigate({ to: "/settings/$", params: { _splat: section } });
  return [
    {
      id: "new",
      label: t("shell.new_chat"),
      icon: <SquarePen />,
      shortcut: shownKeys("newChat", IS_MAC),
      run: house.newChat,
    },
    {
      id: "rail",
      label: t("palette.toggle_rail"),
      icon: <PanelLeft />,
      shortcut: shownKeys("toggleRail", IS_MAC),
      run: house.toggleRail,
    },
    { id: "archived", label: t("shell.archived"), icon: <Archive />, run: () => void navigate({ to: "/archived" }) },
    { id: "settings", label: t("shell.settings"), icon: <Settings />, run: () => settings("") },
    { id: "keys", label: t("shell.api_keys"), icon: <KeyRound />, run: () => settings("keys") },
    {
      id: "shortcuts",
      label: t("shortcuts.title"),
      icon: <Keyboard />,
      shortcut: shownKeys("sheet", IS_MAC),
      run: house.openShortcuts,
    },
    ...THEMES.filter(({ theme }) => theme !== look.theme).map(({ theme, key, Icon }) => ({
      id: `theme ${theme}`,
      label: t("palette.theme", { name: t(key) }),
      icon: <Icon />,
      run: () => look.choose({ theme }),
    })),
    ...LANGUAGES.filter((language) => language !== look.shown).map((language) => ({
      id: `language ${language}`,
      label: t("palette.language", { name: LANGUAGE_NAMES[language] }),
      icon: <Languages />,
      run: () => look.choose({ language }),
    })),
    ...(session && !session.no_auth
      ? [{ id: "out", label: t("shell.sign_out"), icon: <LogOut />, run: () => void signOut() }]
      : []),
  ];
}
