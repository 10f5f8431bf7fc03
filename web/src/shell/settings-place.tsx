/** The place of the settings. In: the address after /settings/. Out: the pages of account/, in the shell. */
import { useParams } from "@tanstack/react-router";
import { SettingsPages } from "@/account/pages";
import { useT } from "@/i18n";
import { PageHead } from "./header";

export function SettingsPlace() {
  const t = useT();
  const section = useParams({ strict: false, select: ({ _splat }) => _splat }) ?? "";
  return (
    <>
      <PageHead title={t("shell.settings")} />
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto px-4 pb-8 md:px-6">
        <SettingsPages section={section} />
      </main>
    </>
  );
}
