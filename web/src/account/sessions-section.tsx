/** Where one is signed in. In: the server's list. Out: a row a browser, this one marked; each other can be ended, or all others. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { keys, useSessions } from "@/api/queries";
import type { SignedIn } from "@/api/types";
import { Button } from "@/components/button";
import { Mark } from "@/components/mark";
import { useNotify } from "@/components/toast";
import { type Translate, useT } from "@/i18n";
import { useLook } from "@/shell/look-provider";
import { endOtherSessions, endSession } from "./actions";
import { browserOf } from "./browser-name";
import { Confirm } from "./confirm";
import { timeWords } from "./moments";
import { focusSection, ROW, ROWS, Rows, Section } from "./section";
import { useAct } from "./use-act";

export function SessionsSection() {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();
  const sessions = useSessions();
  const [asking, setAsking] = useState(false);
  const all = (sessions.data ?? []).toSorted((one, other) => Number(other.current) - Number(one.current));
  const others = all.some(({ current }) => !current);

  async function endOthers(): Promise<void> {
    const { ended } = await endOtherSessions();
    await cache.invalidateQueries({ queryKey: keys.sessions });
    notify({ key: "account", text: t("account.sessions_ended", { count: ended }) });
  }
  return (
    <Section
      title={t("account.sessions")}
      what={t("account.sessions_what")}
      action={others && <Button onClick={() => setAsking(true)}>{t("account.sessions_end")}</Button>}
    >
      <Rows list={sessions} failed={t("account.sessions_failed")}>
        <ul className={ROWS}>
          {all.map((one) => (
            <SessionRow key={one.id} session={one} />
          ))}
        </ul>
        {!others && <p className="text-ink-2">{t("account.sessions_alone")}</p>}
      </Rows>
      {asking && (
        <Confirm
          title={t("account.sessions_end_ask")}
          text={t("account.sessions_end_what")}
          action={t("account.sessions_end")}
          onConfirm={endOthers}
          onClose={() => setAsking(false)}
        />
      )}
    </Section>
  );
}

function SessionRow({ session }: { session: SignedIn }) {
  const t = useT();
  const { shown } = useLook();
  const cache = useQueryClient();
  const notify = useNotify();
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const browser = browserWords(session.user_agent, t);
  const seen = timeWords(session.last_seen, shown);

  async function end(): Promise<void> {
    setBusy(true);
    const done = await act(() => endSession(session.id), "account.session_not_ended");
    setBusy(false);
    if (!done) return;
    focusSection(row.current);
    notify({ key: "account", text: t("account.session_ended", { browser }) });
    await cache.invalidateQueries({ queryKey: keys.sessions });
  }
  return (
    <li ref={row} className={ROW}>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-[550] [overflow-wrap:anywhere]">
          {browser}
          {session.current && <Mark>{t("account.session_this")}</Mark>}
        </p>
        <p className="text-13 text-ink-3 [overflow-wrap:anywhere]">
          {[
            session.address,
            t("account.session_seen", { moment: seen }),
            t("account.session_began", { moment: timeWords(session.created, shown) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {!session.current && (
        <Button
          busy={busy}
          aria-label={t("account.session_end_of", { browser, moment: seen })}
          onClick={() => void end()}
        >
          {t("account.session_end")}
        </Button>
      )}
    </li>
  );
}

/** What nobody knows is shown as it calls itself: it may be a program that a person recognizes. */
function browserWords(agent: string, t: Translate): string {
  const { browser, system } = browserOf(agent);
  if (browser !== "" && system !== "") return t("account.session_on", { browser, system });
  return browser || system || agent || t("account.session_unknown");
}
