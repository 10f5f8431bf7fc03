/** Lists of conversations in the cache, changed before the server answers. In: pages and a change. Out: new pages; unchanged ones keep identity. */
import type { InfiniteData } from "@tanstack/react-query";
import type { ConversationList, ConversationSummary } from "./types";

export type Pages = InfiniteData<ConversationList, string | null>;

export function withoutConversation(pages: Pages, id: string): Pages {
  return mapped(pages, id, () => null);
}

export function patchedConversation(pages: Pages, id: string, patch: Partial<ConversationSummary>): Pages {
  return mapped(pages, id, (one) => ({ ...one, ...patch }));
}

/** At its place by `updated`, newest first; nothing where it is in the list already. */
export function withConversation(pages: Pages, added: ConversationSummary): Pages {
  const first = pages.pages[0];
  if (first === undefined || pages.pages.some((page) => page.data.some((one) => one.id === added.id))) return pages;
  const moment = Date.parse(added.updated);
  const home = pages.pages.find((page) => page.data.some((one) => Date.parse(one.updated) < moment));
  const last = pages.pages.at(-1);
  // Older than everything that is loaded: it comes with its own page, later.
  const target = home ?? (last?.next === null ? last : undefined);
  if (target === undefined) return pages;
  const at = target.data.findIndex((one) => Date.parse(one.updated) < moment);
  const place = at < 0 ? target.data.length : at;
  const data = [...target.data.slice(0, place), added, ...target.data.slice(place)];
  return { ...pages, pages: pages.pages.map((page) => (page === target ? { ...page, data } : page)) };
}

/** Every conversation once: a page fetched later may repeat one that moved meanwhile. */
export function everyConversation(pages: InfiniteData<ConversationList, unknown> | undefined): ConversationSummary[] {
  const seen = new Map<string, ConversationSummary>();
  for (const page of pages?.pages ?? []) for (const one of page.data) if (!seen.has(one.id)) seen.set(one.id, one);
  return [...seen.values()];
}

function mapped(pages: Pages, id: string, change: (one: ConversationSummary) => ConversationSummary | null): Pages {
  let touched = false;
  const changed = pages.pages.map((page) => {
    if (!page.data.some((one) => one.id === id)) return page;
    touched = true;
    return {
      ...page,
      data: page.data.flatMap((one) => {
        if (one.id !== id) return [one];
        const next = change(one);
        return next === null ? [] : [next];
      }),
    };
  });
  return touched ? { ...pages, pages: changed } : pages;
}
