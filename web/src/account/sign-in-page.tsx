/** Signing in. In: the address's `next`. Out: a session, then that page. */
import { useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useT } from "@/i18n";
import { useEnded } from "@/shell/ended";
import { nextPage } from "@/shell/next-page";
import { signIn } from "./actions";
import { emailFault, passwordFault } from "./checks";
import { enter } from "./enter";
import { Entrance, Onward, WithSession } from "./entrance";
import { EmailField, PasswordField } from "./fields";
import { Form } from "./form";
import { useFaultText } from "./use-fault-text";
import { faultsOf, useForm } from "./use-form";

export function SignInPage() {
  const t = useT();
  const next = useSearch({ strict: false, select: ({ next }) => next });
  return (
    <Entrance title={t("account.sign_in")}>
      <WithSession>
        {(session) => {
          if (session.signed_in) return <Onward to={nextPage(next)} />;
          return session.setup ? <Onward to="/setup" /> : <SignInForm />;
        }}
      </WithSession>
    </Entrance>
  );
}

/** Once signed in, the page above leads on. */
function SignInForm() {
  const t = useT();
  const cache = useQueryClient();
  const faultText = useFaultText();
  const state = useForm({
    initial: { email: "", password: "" },
    check: ({ email, password }) =>
      faultsOf({ email: faultText(emailFault(email)), password: faultText(passwordFault(password)) }),
    send: async ({ email, password }) => enter(cache, await signIn(email.trim(), password)),
    explain: ({ status }) => (status === 401 ? { faults: { password: t("account.wrong") } } : null),
  });
  const ended = useEnded();
  return (
    <>
      {ended && <p className="rounded-2 bg-sun-soft px-3 py-2 text-pretty">{t("account.ended")}</p>}
      <Form state={state} action={t("account.sign_in")} wide>
        <EmailField {...state.field("email")} />
        <PasswordField {...state.field("password")} label={t("account.password")} autoComplete="current-password" />
      </Form>
      <details className="text-13 text-ink-2">
        <summary className="rounded-1 py-1 coarse:py-3">{t("account.lost")}</summary>
        <p className="pt-1 text-pretty">{t("account.lost_what")}</p>
        <code className="mt-2 block overflow-x-auto rounded-2 bg-sunken px-3 py-2 font-mono text-12" dir="ltr">
          .venv/bin/alize accounts password EMAIL
        </code>
        <p className="pt-2 text-pretty">{t("account.lost_where")}</p>
      </details>
    </>
  );
}
