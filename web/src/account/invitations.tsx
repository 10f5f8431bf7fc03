/** Links for new people. In: the server's invitations. Out: those that work and those that ended; a link is shown where it is made, once. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { isLoopback } from "@/api/base";
import { keys, useInvitations } from "@/api/queries";
import type { Invitation, MadeInvitation } from "@/api/types";
import { Button } from "@/components/button";
import { classes } from "@/components/classes";
import { useNotify } from "@/components/toast";
import { type Translate, useT } from "@/i18n";
import { useLook } from "@/shell/look-provider";
import { withdrawInvitation } from "./actions";
import { invitationLink } from "./address";
import { Confirm } from "./confirm";
import { InviteDialog } from "./invite-dialog";
import { dayWords, longEnded } from "./moments";
import { Once } from "./once";
import { ROW, ROWS, Rows, Section } from "./section";

export function Invitations() {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();
  const list = useInvitations();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<MadeInvitation | null>(null);
  const [ending, setEnding] = useState<Invitation | null>(null);
  const now = new Date();
  const all = (list.data ?? []).filter(({ used, revoked, expires }) => !longEnded(now, used, revoked, expires));
  const refetch = () => cache.invalidateQueries({ queryKey: keys.invitations });

  async function withdraw({ id }: Invitation): Promise<void> {
    await withdrawInvitation(id);
    if (made?.id === id) setMade(null);
    notify({ key: "account", text: t("account.invite_withdrawn") });
    await refetch();
  }
  return (
    <Section
      title={t("account.invitations")}
      what={t("account.invitations_what")}
      action={<Button onClick={() => setMaking(true)}>{t("account.invite")}</Button>}
    >
      {made && (
        <Once
          title={made.name ? t("account.invite_link", { name: made.name }) : t("account.invite_link_nobody")}
          what={`${t("account.invite_link_what")}${isLoopback(location.hostname) ? ` ${t("account.invite_link_here")}` : ""}`}
          label={t("account.invite_address")}
          secret={invitationLink(made.link_token)}
          copyLabel={t("account.invite_copy")}
          doneLabel={t("account.invite_sent")}
          onDone={() => setMade(null)}
        />
      )}
      <Rows list={list} failed={t("account.invitations_failed")}>
        {all.length === 0 ? (
          <p className="text-ink-2">{t("account.invitations_none")}</p>
        ) : (
          <ul className={ROWS}>
            {all.map((one) => (
              <InvitationRow key={one.id} invitation={one} onEnd={() => setEnding(one)} />
            ))}
          </ul>
        )}
      </Rows>
      {making && (
        <InviteDialog
          onClose={() => setMaking(false)}
          onMade={(invitation) => {
            setMaking(false);
            setMade(invitation);
            void refetch();
          }}
        />
      )}
      {ending && (
        <Confirm
          title={t("account.invite_revoke_ask")}
          text={t("account.invite_revoke_what")}
          action={t("account.invite_revoke")}
          onConfirm={() => withdraw(ending)}
          onClose={() => setEnding(null)}
        />
      )}
    </Section>
  );
}

function InvitationRow({ invitation, onEnd }: { invitation: Invitation; onEnd: () => void }) {
  const t = useT();
  const { shown } = useLook();
  const day = (moment: string) => dayWords(moment, shown);
  const ended = endedWords(invitation, t, day);
  const made = day(invitation.created);
  const { name } = invitation;
  return (
    <li className={ROW}>
      <div className="min-w-0 flex-1">
        <p dir="auto" className={classes("font-[550] [overflow-wrap:anywhere]", ended !== null && "text-ink-3")}>
          {name || t(`account.role_${invitation.role}`)}
        </p>
        <p className="text-13 text-ink-3">
          {[
            name ? t(`account.role_${invitation.role}`) : "",
            t("account.key_made_of", { day: made }),
            ended ?? t("account.invite_until", { day: day(invitation.expires) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {ended === null && (
        <Button
          aria-label={
            name ? t("account.invite_revoke_of", { name, day: made }) : t("account.invite_revoke_nobody", { day: made })
          }
          onClick={onEnd}
        >
          {t("account.invite_revoke")}
        </Button>
      )}
    </li>
  );
}

function endedWords({ used, revoked, expires }: Invitation, t: Translate, day: (moment: string) => string) {
  if (used !== null) return t("account.invite_used", { day: day(used) });
  if (revoked !== null) return t("account.invite_revoked", { day: day(revoked) });
  return new Date(expires) <= new Date() ? t("account.invite_ended", { day: day(expires) }) : null;
}
