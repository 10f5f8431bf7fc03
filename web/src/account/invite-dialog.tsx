/** A new invitation. In: for whom, their role, how long it works. Out: the invitation with its token, which the page behind shows once. */

import type { MadeInvitation } from "@/api/types";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { TextField } from "@/components/field";
import { Select } from "@/components/select";
import { useT } from "@/i18n";
import { invite, type Role } from "./actions";
import { LIMITS, nameFault } from "./checks";
import { Form } from "./form";
import { faultsOf, useForm } from "./use-form";

const DAYS = ["1", "7", "30"] as const;

interface InviteProps {
  onMade: (invitation: MadeInvitation) => void;
  onClose: () => void;
}

export function InviteDialog({ onMade, onClose }: InviteProps) {
  const t = useT();
  return (
    <Dialog form open onOpenChange={(open) => open || onClose()} title={t("account.invite")}>
      <InviteForm onMade={onMade} onClose={onClose} />
    </Dialog>
  );
}

function InviteForm({ onMade, onClose }: InviteProps) {
  const t = useT();
  const state = useForm({
    initial: { name: "", role: "member", days: "7" },
    check: ({ name }) =>
      faultsOf({ name: nameFault(name) === "account.fault_name_long" ? t("account.fault_name_long", LIMITS) : null }),
    send: async ({ name, role, days }) => onMade(await invite(roleOf(role), name.trim(), Number(days))),
  });
  return (
    <Form
      state={state}
      action={t("account.invite_do")}
      others={<Button onClick={onClose}>{t("common.cancel")}</Button>}
    >
      <TextField
        {...state.field("name")}
        label={t("account.invite_name")}
        hint={t("account.invite_name_hint")}
        autoComplete="off"
        dir="auto"
      />
      <Select<Role>
        label={t("account.role")}
        error={state.field("role").error}
        value={roleOf(state.values.role)}
        choices={[
          { value: "member", label: t("account.role_member") },
          { value: "owner", label: t("account.role_owner") },
        ]}
        onChange={(role) => state.set("role", role)}
      />
      <Select
        label={t("account.invite_days")}
        error={state.field("days").error}
        value={state.values.days}
        choices={DAYS.map((value) => ({ value, label: t("account.invite_in_days", { count: Number(value) }) }))}
        onChange={(days) => state.set("days", days)}
      />
    </Form>
  );
}

function roleOf(text: string): Role {
  return text === "owner" ? "owner" : "member";
}
