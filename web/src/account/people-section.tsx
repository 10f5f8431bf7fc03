/** Everybody here. In: the server's accounts. Out: a row a person, whose role can be changed and who can be disabled; invitations below. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys, useAccounts } from "@/api/queries";
import type { Account, Session } from "@/api/types";
import { Button } from "@/components/button";
import { classes } from "@/components/classes";
import { Mark } from "@/components/mark";
import { Select } from "@/components/select";
import { useNotify } from "@/components/toast";
import { useT } from "@/i18n";
import { changeAccount, type Role } from "./actions";
import { Invitations } from "./invitations";
import { ROW, ROWS, Rows, Section } from "./section";
import { useAct } from "./use-act";

export function PeopleSection({ session }: { session: Session }) {
  const t = useT();
  const accounts = useAccounts();
  return (
    <div className="grid gap-10">
      <Section title={t("account.people")} what={t("account.people_what")}>
        <Rows list={accounts} failed={t("account.people_failed")}>
          <ul className={ROWS}>
            {(accounts.data ?? []).map((one) => (
              <PersonRow key={one.id} account={one} mine={one.id === session.account?.id} />
            ))}
          </ul>
        </Rows>
      </Section>
      <Invitations />
    </div>
  );
}

function PersonRow({ account, mine }: { account: Account; mine: boolean }) {
  const t = useT();
  const name = account.name || account.email;
  const disabled = Boolean(account.disabled);
  return (
    <li className={classes(ROW, "flex-wrap")}>
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex flex-wrap items-center gap-2">
          <span dir="auto" className={classes("font-[550] [overflow-wrap:anywhere]", disabled && "text-ink-3")}>
            {name}
          </span>
          {mine && <Mark>{t("account.you")}</Mark>}
          {disabled && <span className="font-[550] text-13 text-bad">{t("account.disabled")}</span>}
        </p>
        <p className="text-13 text-ink-3 [overflow-wrap:anywhere]">{account.email}</p>
        {mine && <p className="text-13 text-ink-3 text-pretty">{t("account.you_what")}</p>}
      </div>
      {mine ? (
        <p className="text-13">{t(`account.role_${account.role}`)}</p>
      ) : (
        <PersonControls account={account} name={name} disabled={disabled} />
      )}
    </li>
  );
}

interface PersonControlsProps {
  account: Account;
  name: string;
  disabled: boolean;
}

/** Nobody changes their own: who takes their own rights away could not give them back. */
function PersonControls({ account, name, disabled }: PersonControlsProps) {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();
  const act = useAct();
  const [busy, setBusy] = useState(false);

  async function change(patch: { role?: Role; disabled?: boolean }): Promise<boolean> {
    setBusy(true);
    const done = await act(async () => {
      const changed = await changeAccount(account.id, patch);
      cache.setQueryData<Account[]>(keys.accounts, (all) => all?.map((one) => (one.id === changed.id ? changed : one)));
    });
    setBusy(false);
    if (!done) void cache.invalidateQueries({ queryKey: keys.accounts });
    return done;
  }
  async function changeRole(role: Role): Promise<void> {
    if (!(await change({ role }))) return;
    notify({ key: "account", text: t("account.role_changed", { name, role: t(`account.role_${role}`) }) });
  }
  async function letIn(): Promise<void> {
    if (await change({ disabled: false })) notify({ key: "account", text: t("account.was_enabled", { name }) });
  }
  async function disable(): Promise<void> {
    if (!(await change({ disabled: true }))) return;
    const undo = { label: t("common.undo"), run: () => void letIn() };
    notify({ key: "account", text: t("account.was_disabled", { name }), action: undo });
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Select
        label={t("account.role_of", { name })}
        hideLabel
        value={account.role}
        choices={[
          { value: "member", label: t("account.role_member") },
          { value: "owner", label: t("account.role_owner") },
        ]}
        aria-busy={busy || undefined}
        onChange={(role) => {
          if (!busy) void changeRole(role);
        }}
      />
      <Button
        kind={disabled ? "plain" : "danger"}
        busy={busy}
        aria-label={t(disabled ? "account.enable_of" : "account.disable_of", { name })}
        onClick={() => void (disabled ? letIn() : disable())}
      >
        {t(disabled ? "account.enable" : "account.disable")}
      </Button>
    </div>
  );
}
