/** Other tabs and devices. In: /api/changes. Out: what this page has in its cache and no longer holds is fetched again. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Pages, withoutConversation } from "./list-cache";
import { keys } from "./queries";
import { openChanges } from "./sse";
import type { Change } from "./types";

export function applyChange(cache: QueryClient, change: Change): void {
  switch (change.type) {
    case "conversation.changed":
      void cache.invalidateQueries({ queryKey: keys.allConversations });
      void cache.invalidateQueries({ queryKey: keys.conversation(change.id) });
      break;
    case "conversation.deleted":
      cache.setQueriesData<Pages>({ queryKey: keys.allConversations }, (pages) =>
        pages === undefined ? pages : withoutConversation(pages, change.id),
      );
      // Kept where it is open, so that its page can say that it is gone; the fetch is answered 404.
      void cache.invalidateQueries({ queryKey: keys.conversation(change.id) });
      break;
    case "run.started":
      void cache.invalidateQueries({ queryKey: keys.allConversations });
      void cache.invalidateQueries({ queryKey: keys.conversation(change.conversation) });
      break;
    default: // a later version's: nothing here depends on it
  }
}

/** The stream was away: nobody knows what changed. */
export function afterAbsence(cache: QueryClient): void {
  void cache.invalidateQueries({ queryKey: keys.allConversations });
  void cache.invalidateQueries({ queryKey: ["conversation"] });
}

export function useChanges(enabled: boolean): void {
  const cache = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const ending = new AbortController();
    openChanges(
      (change) => applyChange(cache, change),
      () => afterAbsence(cache),
      ending.signal,
    ).catch(() => {
      // Refused (signed out elsewhere): asking for the session says so to the whole page.
      void cache.invalidateQueries({ queryKey: keys.session });
    });
    return () => ending.abort();
  }, [cache, enabled]);
}
