/** Another password. In: the old one, a new one. Out: the new one holds, and all other sessions have ended. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/api/queries";
import type { Session } from "@/api/types";
import { useNotify } from "@/components/toast";
import { useT } from "@/i18n";
import { changePassword } from "./actions";
import { newPasswordFault, passwordFault } from "./checks";
import { NewPasswordField, PasswordField } from "./fields";
import { Form } from "./form";
import { focusSection, Section } from "./section";
import { useFaultText } from "./use-fault-text";
import { faultsOf, useForm } from "./use-form";

export function PasswordSection({ session }: { session: Session }) {
  const t = useT();
  const [changed, setChanged] = useState(0); // how often: each change leaves an empty form
  useEffect(() => {
    if (changed > 0) focusSection(null); // the field that had focus went with the form
  }, [changed]);
  return (
    <div className="max-w-form">
      <Section title={t("account.password")} what={t("account.password_what")}>
        <PasswordForm key={changed} email={session.account?.email ?? ""} onChanged={() => setChanged(changed + 1)} />
      </Section>
    </div>
  );
}

function PasswordForm({ email, onChanged }: { email: string; onChanged: () => void }) {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();
  const faultText = useFaultText();
  const state = useForm({
    initial: { old: "", new: "" },
    check: (values) =>
      faultsOf({ old: faultText(passwordFault(values.old)), new: faultText(newPasswordFault(values.new)) }),
    send: async (values) => {
      await changePassword(values.old, values.new);
      void cache.invalidateQueries({ queryKey: keys.sessions });
      notify({ key: "account", text: t("account.password_changed") });
      onChanged();
    },
    explain: ({ status, param }) =>
      status === 403 && param === "old" ? { faults: { old: t("account.password_old_wrong") } } : null,
  });
  return (
    <Form state={state} action={t("account.password_change")}>
      {/* For password keepers, which must know whose password it is. */}
      <input type="text" name="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordField {...state.field("old")} label={t("account.password_old")} autoComplete="current-password" />
      <NewPasswordField {...state.field("new")} label={t("account.password_new")} />
    </Form>
  );
}
