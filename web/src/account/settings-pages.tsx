/** The settings, inside of the shell's `main`. In: what stands after /settings/ in the address; "" is the first. Out: that section. */
import { Link } from "@tanstack/react-router";
import type { FunctionComponent } from "react";
import { useSession } from "@/api/queries";
import type { Session } from "@/api/types";
import { classes } from "@/components/classes";
import { EmptyState } from "@/components/empty-state";
import { type Key, useT } from "@/i18n";
import { useDocumentTitle } from "@/shell/document-title";
import { makesKeys } from "@/shell/makes-keys";
import { KeysSection } from "./keys-section";
import { ModelsSection } from "./models-section";
import { PasswordSection } from "./password-section";
import { PeopleSection } from "./people-section";
import { ProfileSection } from "./profile-section";
import { SessionsSection } from "./sessions-section";

interface SectionOf {
  path: string;
  title: Key;
  /** Who has it; others who come to its address are told what it needs. */
  needs: "nothing" | "account" | "owner";
  /** Who finds it in the list; its address tells everybody else what it needs. Missing: who has it. */
  listed?: (session: Session) => boolean;
  Page: FunctionComponent<{ session: Session }>;
}

const SECTIONS: readonly SectionOf[] = [
  { path: "", title: "account.profile", needs: "nothing", Page: ProfileSection },
  { path: "password", title: "account.password", needs: "account", Page: PasswordSection },
  { path: "sessions", title: "account.sessions", needs: "account", Page: SessionsSection },
  { path: "keys", title: "account.keys", needs: "nothing", listed: makesKeys, Page: KeysSection },
  { path: "models", title: "account.models", needs: "nothing", listed: makesKeys, Page: ModelsSection },
  { path: "people", title: "account.people", needs: "owner", Page: PeopleSection },
];

export function SettingsPages({ section }: { section: string }) {
  const t = useT();
  const session = useSession().data;
  const wanted = section.replace(/\/+$/, "");
  const current = SECTIONS.find(({ path }) => path === wanted);
  useDocumentTitle(t(current?.title ?? "shell.settings"));
  if (session === undefined) return null; // the shell stands only where it is known
  return (
    <div className="mx-auto grid max-w-measure grid-cols-1 gap-8 pt-2">
      <nav aria-label={t("account.sections")}>
        <ul className="-mx-4 flex gap-1 overflow-x-auto px-4 py-1 md:-mx-6 md:px-3 [scrollbar-width:none]">
          {SECTIONS.filter((one) => (one.listed ? one.listed(session) : lacking(one, session) === null)).map(
            ({ path, title }) => (
              <li key={path} className="flex-none">
                <Link
                  to="/settings/$"
                  params={{ _splat: path }}
                  activeOptions={{ exact: true }}
                  aria-current={path === wanted ? "page" : undefined}
                  ref={path === wanted ? intoView : null}
                  className={classes(
                    "inline-flex min-h-9 coarse:min-h-11 items-center whitespace-nowrap rounded-1 px-3 transition hover:bg-sunken",
                    path === wanted ? "bg-chosen font-[550]" : "text-ink-2",
                  )}
                >
                  {t(title)}
                </Link>
              </li>
            ),
          )}
        </ul>
      </nav>
      <Current section={current} session={session} />
    </div>
  );
}

/** The row is wider than a phone in some languages. */
function intoView(link: HTMLAnchorElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function Current({ section, session }: { section: SectionOf | undefined; session: Session }) {
  const t = useT();
  if (section === undefined) {
    return <EmptyState title={t("account.no_section")}>{t("account.no_section_what")}</EmptyState>;
  }
  switch (lacking(section, session)) {
    case "account":
      return <EmptyState title={t("account.needs_accounts")}>{t("account.needs_accounts_what")}</EmptyState>;
    case "owner":
      return <EmptyState title={t("account.people_owner")}>{t("account.people_owner_what")}</EmptyState>;
    case null:
      return <section.Page session={session} />;
  }
}

function lacking({ needs }: SectionOf, session: Session): "account" | "owner" | null {
  if (needs === "nothing") return null;
  if (session.account === null) return "account";
  return needs === "owner" && session.account.role !== "owner" ? "owner" : null;
}
