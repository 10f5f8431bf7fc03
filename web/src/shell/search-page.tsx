/** Search as a page, with an address. In: `?q=`. Out: every hit with its excerpt, a list of links. */
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { LONGEST_SEARCH, useSearchPages } from "@/api/queries";
import type { SearchHit } from "@/api/types";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { TextField } from "@/components/field";
import { Mark } from "@/components/mark";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { Excerpt } from "./excerpt";
import { PageHead } from "./header";
import { useLook } from "./look-provider";
import { useTyped } from "./use-typed";

const route = getRouteApi("/house/search");

export function SearchPage() {
  const t = useT();
  const { q } = route.useSearch();
  const navigate = useNavigate();
  const [text, setText] = useState(q);
  const typed = useTyped(text).trim().slice(0, LONGEST_SEARCH); // an address may say more
  const search = useSearchPages(typed);
  // The address follows what is typed, without a step of history for each letter; "back" and the palette change the text.
  const inAddress = useRef(q);
  useEffect(() => {
    if (q === inAddress.current) return;
    inAddress.current = q;
    setText(q);
  }, [q]);
  useEffect(() => {
    if (typed === inAddress.current) return;
    inAddress.current = typed;
    void navigate({ to: "/search", search: { q: typed }, replace: true });
  }, [typed, navigate]);
  const hits = typed === "" ? [] : (search.data?.pages ?? []).flatMap((page) => page.data);
  const settled = typed !== "" && search.isSuccess && !search.isPlaceholderData;
  return (
    <>
      <PageHead title={t("shell.search")} />
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto px-4 pb-8 md:px-6">
        <div className="mx-auto max-w-measure">
          <TextField
            label={t("search.field")}
            hint={t("search.what")}
            type="search"
            dir="auto"
            autoFocus
            autoComplete="off"
            maxLength={LONGEST_SEARCH}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <p role="status" className="pt-4 pb-2 text-13 text-ink-3">
            {settled && hits.length > 0 ? t("palette.count", { count: hits.length }) : ""}
          </p>
          {typed === "" && <EmptyState title={t("shell.search")}>{t("search.tips")}</EmptyState>}
          {typed !== "" && search.isPending && <Skeleton lines={5} className="py-4" />}
          {typed !== "" && search.isError && (
            <ErrorState
              title={t("palette.failed", { reason: "" }).trim()}
              error={search.error}
              onRetry={() => void search.refetch()}
            />
          )}
          {settled && hits.length === 0 && (
            <EmptyState title={t("palette.none", { text: typed })}>{t("search.tips")}</EmptyState>
          )}
          <ul className="grid grid-cols-1 gap-1">
            {hits.map((hit) => (
              <Hit key={`${hit.conversation} ${hit.message}`} hit={hit} searched={typed} />
            ))}
          </ul>
          {settled && search.hasNextPage && (
            <Button className="mt-4" busy={search.isFetchingNextPage} onClick={() => void search.fetchNextPage()}>
              {t("search.more")}
            </Button>
          )}
        </div>
      </main>
    </>
  );
}

function Hit({ hit, searched }: { hit: SearchHit; searched: string }) {
  const t = useT();
  const { shown } = useLook();
  const day = new Intl.DateTimeFormat(shown, { dateStyle: "medium" }).format(new Date(hit.created));
  return (
    <li>
      <Link
        to="/c/$id"
        params={{ id: hit.conversation }}
        {...(hit.message === null ? {} : { hash: hit.message, state: { searched } })}
        className="-mx-3 grid grid-cols-1 gap-1 rounded-2 px-3 py-2.5 transition hover:bg-sunken"
      >
        <span className="flex items-baseline justify-between gap-4">
          <span className="flex min-w-0 items-baseline gap-2">
            <span dir="auto" className="truncate font-[550]">
              {hit.title || t("shell.untitled")}
            </span>
            {hit.archived && <Mark>{t("shell.is_archived")}</Mark>}
          </span>
          <time dateTime={hit.created} className="flex-none text-12 text-ink-3 tabular-nums">
            {day}
          </time>
        </span>
        <span dir="auto" className="line-clamp-3 text-ink-2 [overflow-wrap:anywhere]">
          {hit.message === null && <span className="text-ink-3">{t("search.in_title")}</span>}
          <Excerpt text={hit.excerpt} marks={hit.marks} />
        </span>
      </Link>
    </li>
  );
}
