/** Keys for programs. In: the server's pages of keys. Out: a list, a way to make and to revoke one, and a program that uses it. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { server } from "@/api/client";
import { keys } from "@/api/queries";
import type { ApiKey, MadeKey, Session } from "@/api/types";
import { Button } from "@/components/button";
import { classes } from "@/components/classes";
import { EmptyState } from "@/components/empty-state";
import { useNotify } from "@/components/toast";
import { type Translate, useT } from "@/i18n";
import { useLook } from "@/shell/look-provider";
import { makesKeys } from "@/shell/makes-keys";
import { revokeKey } from "./actions";
import { Confirm } from "./confirm";
import { KeyDialog } from "./key-dialog";
import { dayWords, longEnded } from "./moments";
import { Once } from "./once";
import { ROW, ROWS, Rows, Section } from "./section";
import { Snippet } from "./snippet";

const PAGE = 25; // keys a call

export function KeysSection({ session }: { session: Session }) {
  const t = useT();
  if (makesKeys(session)) return <OwnersKeys />;
  return (
    <Section title={t("account.keys")}>
      <EmptyState title={t("account.keys_owner")}>{t("account.keys_owner_what")}</EmptyState>
      <Snippet secret={null} />
    </Section>
  );
}

function OwnersKeys() {
  const t = useT();
  const cache = useQueryClient();
  const notify = useNotify();
  const list = useKeyPages();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<MadeKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const now = new Date();
  const listed = list.data?.pages.flatMap(({ data }) => data) ?? [];
  const all = listed.filter(({ revoked, expires }) => !longEnded(now, revoked, expires));
  const refetch = () => cache.invalidateQueries({ queryKey: keys.apiKeys });
  const make = (
    <Button kind="primary" onClick={() => setMaking(true)}>
      {t("account.key_make")}
    </Button>
  );

  async function revoke({ id, name }: ApiKey): Promise<void> {
    await revokeKey(id);
    if (made?.id === id) setMade(null);
    notify({ key: "account", text: t("account.key_revoked", { name }) });
    await refetch();
  }
  return (
    <Section title={t("account.keys")} what={t("account.keys_what")} action={all.length > 0 && make}>
      {made && (
        <Once
          title={t("account.key_new", { name: made.name })}
          what={t("account.key_new_what")}
          label={t("account.key_secret")}
          secret={made.key}
          copyLabel={t("account.key_copy")}
          doneLabel={t("account.key_kept")}
          onDone={() => setMade(null)}
        />
      )}
      <Rows list={list} failed={t("account.keys_failed")}>
        {all.length === 0 ? (
          <EmptyState title={t("account.keys_none")} action={make}>
            {t("account.keys_none_what")}
          </EmptyState>
        ) : (
          <ul className={ROWS}>
            {all.map((one) => (
              <KeyRow key={one.id} apiKey={one} onRevoke={() => setRevoking(one)} />
            ))}
          </ul>
        )}
        {list.hasNextPage && (
          <Button
            className="justify-self-start"
            busy={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {t("account.keys_more")}
          </Button>
        )}
      </Rows>
      <Snippet secret={made?.key ?? null} />
      {making && (
        <KeyDialog
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
            void refetch();
          }}
        />
      )}
      {revoking && (
        <Confirm
          title={t("account.key_revoke_ask", { name: revoking.name })}
          text={t("account.key_revoke_what")}
          action={t("account.key_revoke")}
          onConfirm={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </Section>
  );
}

/** Page by page: a house that gives each program its own key has many, and ended ones stay. */
function useKeyPages() {
  return useInfiniteQuery({
    queryKey: [...keys.apiKeys, "pages"],
    queryFn: ({ pageParam, signal }) =>
      server.call("GET /api/keys", { query: { limit: PAGE, after: pageParam }, signal }),
    initialPageParam: null as string | null, // widened: the first page has no `after`, the others have
    getNextPageParam: (page) => page.next,
  });
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const t = useT();
  const { shown } = useLook();
  const ended = endedWords(apiKey, t, (moment) => dayWords(moment, shown));
  const facts = [
    scopeWords(apiKey, t, shown),
    t("account.key_made_of", { day: dayWords(apiKey.created, shown) }),
    apiKey.last_used ? t("account.key_used_of", { day: dayWords(apiKey.last_used, shown) }) : t("account.key_unused"),
    ended === null && apiKey.expires ? t("account.key_ends_of", { day: dayWords(apiKey.expires, shown) }) : "",
  ];
  return (
    <li className={ROW}>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span
            dir="auto"
            className={classes("font-[550] [overflow-wrap:anywhere]", ended !== null && "text-ink-3 line-through")}
          >
            {apiKey.name}
          </span>
          <code className="font-mono text-13 text-ink-2">{`${apiKey.prefix}…`}</code>
          {ended !== null && <span className="font-[550] text-13">{ended}</span>}
        </p>
        <p className="text-13 text-ink-3">{facts.filter(Boolean).join(" · ")}</p>
      </div>
      {ended === null && (
        <Button kind="danger" aria-label={t("account.key_revoke_of", { name: apiKey.name })} onClick={onRevoke}>
          {t("account.key_revoke")}
        </Button>
      )}
    </li>
  );
}

/** "Call models, manage": one sentence, and one capital. */
function scopeWords({ scopes }: ApiKey, t: Translate, language: string): string {
  const [first = "", ...rest] = scopes.map((scope) => t(`account.key_${scope}`));
  return [first, ...rest.map((one) => one.toLocaleLowerCase(language))].join(", ");
}

function endedWords({ revoked, expires }: ApiKey, t: Translate, day: (moment: string) => string): string | null {
  if (revoked !== null) return t("account.key_revoked_of", { day: day(revoked) });
  return expires !== null && new Date(expires) <= new Date() ? t("account.key_ended_of", { day: day(expires) }) : null;
}
