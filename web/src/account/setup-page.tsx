/** The first visit of all. In: a name, an address, a password, perhaps the server's token. Out: the administrator, signed in. */
import { useQueryClient } from "@tanstack/react-query";
import { ApiFailure } from "@/api/failure";
import { sessionQuery } from "@/api/queries";
import { TextField } from "@/components/field";
import { useNotify } from "@/components/toast";
import { useT } from "@/i18n";
import { type NewAccount, setUp } from "./actions";
import { enter } from "./enter";
import { Entrance, Onward, WithSession } from "./entrance";
import { EmailField, NameField, NewPasswordField } from "./fields";
import { Form } from "./form";
import { useAccountForm } from "./use-account-form";

export function SetupPage() {
  const t = useT();
  return (
    <Entrance title={t("account.setup")}>
      <WithSession>
        {(session) => {
          if (session.signed_in) return <Onward to="/" />;
          return session.setup ? <SetupForm tokenNeeded={session.setup_token_needed} /> : <Onward to="/sign-in" />;
        }}
      </WithSession>
    </Entrance>
  );
}

function SetupForm({ tokenNeeded }: { tokenNeeded: boolean }) {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();

  async function send(account: NewAccount, token: string): Promise<void> {
    try {
      enter(cache, await setUp(account, tokenNeeded ? token : null));
    } catch (error) {
      if (!(error instanceof ApiFailure && error.status === 409)) throw error;
      // Somebody else was first: then the page above leads to signing in. Else the server says why it makes none here.
      const session = await cache.fetchQuery({ ...sessionQuery, staleTime: 0 });
      if (session.setup) throw error;
      notify({ key: "setup", kind: "failed", text: t("account.setup_taken") });
    }
  }
  const state = useAccountForm({
    tokenFault: tokenNeeded ? t("account.fault_token_missing") : null,
    send,
    explain: ({ status, param }) =>
      status === 403 && param === "token" && tokenNeeded ? { faults: { token: t("account.token_wrong") } } : null,
  });
  return (
    <>
      <p className="text-ink-2 text-pretty">{t("account.setup_what")}</p>
      <Form state={state} action={t("account.setup_do")} wide>
        {tokenNeeded && (
          <TextField
            {...state.field("token")}
            label={t("account.token")}
            hint={t("account.token_hint")}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
            dir="ltr"
            className="font-mono text-13"
          />
        )}
        <NameField {...state.field("name")} />
        <EmailField {...state.field("email")} />
        <NewPasswordField {...state.field("password")} label={t("account.password")} />
      </Form>
    </>
  );
}
