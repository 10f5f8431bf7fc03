/** Who one is here, and how the page looks. In: the session. Out: the name, kept by a form; language and theme, kept as they are chosen. */
import { useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import type { Account, Session } from "@/api/types";
import { Select } from "@/components/select";
import { useNotify } from "@/components/toast";
import { preferred, useT } from "@/i18n";
import { LANGUAGE_NAMES, LANGUAGES } from "@/shell/look";
import { useLook } from "@/shell/look-provider";
import { rename } from "./actions";
import { nameFault } from "./checks";
import { NameField } from "./fields";
import { Form } from "./form";
import { Section } from "./section";
import { useFaultText } from "./use-fault-text";
import { faultsOf, useForm } from "./use-form";

export function ProfileSection({ session }: { session: Session }) {
  const t = useT();
  const { account } = session;
  const what = account ? t("account.profile_email", { email: account.email }) : t("account.profile_local");
  return (
    <div className="grid max-w-form gap-8">
      <Section title={t("account.profile")} what={what}>
        {account && <NameForm account={account} />}
      </Section>
      <LookSection kept={account !== null} />
    </div>
  );
}

function NameForm({ account }: { account: Account }) {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();
  const faultText = useFaultText();
  const state = useForm({
    initial: { name: account.name },
    check: ({ name }) => faultsOf({ name: faultText(nameFault(name)) }),
    send: async ({ name }) => {
      const changed = await rename(name.trim());
      // Its name alone: a theme that was chosen meanwhile is not taken back by an answer that was under way.
      cache.setQueryData<Session>(
        keys.session,
        (now) => now && { ...now, account: now.account && { ...now.account, name: changed.name } },
      );
      notify({ key: "account", text: t("account.name_saved", { name: changed.name }) });
    },
  });
  return (
    <Form state={state} action={t("common.save")}>
      <NameField {...state.field("name")} />
    </Form>
  );
}

function LookSection({ kept }: { kept: boolean }) {
  const t = useT();
  const { theme, language, choose } = useLook();
  const browser = LANGUAGE_NAMES[preferred(navigator.languages)];
  return (
    <Section title={t("account.look")} what={t(kept ? "account.look_account" : "account.look_browser")}>
      <Select
        label={t("shell.language")}
        value={language}
        choices={[
          { value: "", label: t("shell.language_browser", { name: browser }) },
          ...LANGUAGES.map((one) => ({ value: one, label: LANGUAGE_NAMES[one] })),
        ]}
        onChange={(value) => choose({ language: value })}
      />
      <Select
        label={t("shell.theme")}
        value={theme}
        choices={[
          { value: "", label: t("shell.theme_system") },
          { value: "light", label: t("shell.theme_light") },
          { value: "dark", label: t("shell.theme_dark") },
        ]}
        onChange={(value) => choose({ theme: value })}
      />
    </Section>
  );
}
