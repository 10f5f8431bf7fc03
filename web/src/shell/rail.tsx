/** The left rail. In: the house. Out: brand, new chat, search, conversations, account; the same beside the page and in the drawer. */
import { Link, useMatchRoute } from "@tanstack/react-router";
import { PanelLeftClose, Plus, Search } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "@/components/classes";
import { IconButton } from "@/components/icon-button";
import { Keys } from "@/components/keys";
import { useT } from "@/i18n";
import { AccountMenu } from "./account-menu";
import { Wind } from "./brand";
import { useHouse } from "./house-context";
import { RailList } from "./rail-list";
import { ariaKeys, IS_MAC, type ShortcutId, shownKeys } from "./shortcuts";

export function Rail() {
  const t = useT();
  const house = useHouse();
  const atHome = Boolean(useMatchRoute()({ to: "/" }));
  return (
    <nav aria-label={t("shell.rail")} className="flex h-full min-h-0 flex-col gap-1 bg-sunken p-3">
      <div className="flex items-center justify-between pb-1.5">
        <Link
          to="/"
          onClick={house.closeDrawer}
          className="flex items-center gap-2 rounded-1 px-2 py-1 coarse:min-h-11 font-[650] text-16 tracking-[-0.01em]"
        >
          <Wind className="size-6 text-sea" />
          Alizé
        </Link>
        <IconButton
          label={t("shell.close_rail")}
          shortcut={shownKeys("toggleRail", IS_MAC)}
          icon={<PanelLeftClose />}
          onClick={house.toggleRail}
        />
      </div>
      <RailAction
        id="newChat"
        icon={<Plus />}
        label={t("shell.new_chat")}
        current={atHome}
        onClick={() => {
          house.closeDrawer();
          house.newChat();
        }}
      />
      <RailAction id="palette" icon={<Search />} label={t("shell.search")} onClick={house.openPalette} showKeys />
      <RailList />
      <div className="mt-auto border-line border-t pt-2">
        <AccountMenu />
      </div>
    </nav>
  );
}

interface RailActionProps {
  id: ShortcutId;
  icon: ReactNode;
  label: string;
  current?: boolean;
  showKeys?: boolean;
  onClick: () => void;
}

function RailAction({ id, icon, label, current = false, showKeys = false, onClick }: RailActionProps) {
  return (
    <button
      type="button"
      aria-current={current ? "page" : undefined}
      aria-keyshortcuts={ariaKeys(id, IS_MAC)}
      onClick={onClick}
      className={classes(
        "flex min-h-9 coarse:min-h-11 w-full flex-none items-center gap-2 rounded-1 px-2 text-left text-ink transition [&_svg]:size-[1.125rem]",
        current ? "bg-raised shadow-1" : "hover:bg-[color-mix(in_srgb,var(--ink)_5%,transparent)]",
      )}
    >
      {icon}
      {label}
      {showKeys && (
        <span aria-hidden className="ml-auto coarse:hidden">
          <Keys keys={shownKeys(id, IS_MAC)} />
        </span>
      )}
    </button>
  );
}
