/** An invitation's link. In: the token behind the # of the address, which no log ever sees. Out: what it offers, then an account. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { ApiFailure } from "@/api/failure";
import type { Offer, Session } from "@/api/types";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { useLook } from "@/shell/look-provider";
import { acceptInvitation, lookAtInvitation } from "./actions";
import { enter } from "./enter";
import { Entrance, WithSession } from "./entrance";
import { EmailField, NameField, NewPasswordField } from "./fields";
import { Form } from "./form";
import { dayWords } from "./moments";
import { Plain } from "./plain";
import { useAccountForm } from "./use-account-form";

export function InvitationPage() {
  const t = useT();
  const token = useLocation({ select: ({ hash }) => hash });
  return (
    <Entrance title={t("account.invitation")}>
      {token === "" ? (
        <Plain title={t("account.link_short")}>{t("account.link_short_what")}</Plain>
      ) : (
        <WithSession>{(session) => <Invited token={token} session={session} />}</WithSession>
      )}
    </Entrance>
  );
}

function Invited({ token, session }: { token: string; session: Session }) {
  const t = useT();
  const offer = useQuery({
    queryKey: ["invitation", token],
    queryFn: ({ signal }) => lookAtInvitation(token, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (offer.data) return <AcceptForm token={token} session={session} offer={offer.data} />;
  if (offer.isPending) return <Skeleton lines={4} />;
  // 422: a token that cannot be one, such as a link that was cut off by a mail program.
  if (offer.error instanceof ApiFailure && [404, 422].includes(offer.error.status)) {
    return <Plain title={t("account.link_ended")}>{t("account.link_ended_what")}</Plain>;
  }
  return <ErrorState title={t("account.link_failed")} error={offer.error} onRetry={() => void offer.refetch()} />;
}

function AcceptForm({ token, session, offer }: { token: string; session: Session; offer: Offer }) {
  const t = useT();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { shown } = useLook();
  const state = useAccountForm({
    tokenFault: null,
    send: async (account) => {
      enter(cache, await acceptInvitation(token, account));
      await navigate({ to: "/", replace: true });
    },
    explain: ({ status, param }) => {
      if (status === 404) return { rest: t("account.link_ended_what") };
      return status === 409 && param === "email" ? { faults: { email: t("account.email_taken") } } : null;
    },
  });
  return (
    <>
      <div className="text-ink-2 text-pretty">
        <p>{t(offer.role === "owner" ? "account.invited_owner" : "account.invited_member")}</p>
        <p>{t("account.invited_until", { day: dayWords(offer.expires, shown) })}</p>
      </div>
      {session.account && !state.busy && (
        <p className="rounded-2 bg-sun-soft px-3 py-2 text-pretty">
          {t("account.invited_signed_in", { name: session.account.name || session.account.email })}
        </p>
      )}
      <Form state={state} action={t("account.accept")} wide>
        <NameField {...state.field("name")} />
        <EmailField {...state.field("email")} />
        <NewPasswordField {...state.field("password")} label={t("account.password")} />
      </Form>
    </>
  );
}
