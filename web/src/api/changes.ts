/** Other tabs and devices. In: /api/changes. Out: what this page has in its cache and no longer holds is fetched again. */
import { type QueryClient, type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Pages, withoutConversation } from "./list-cache";
import { keys } from "./queries";
import { openChanges } from "./sse";
import type { Change } from "./types";

export function applyChange(cache: QueryClient, change: Change): void {
  switch (change.type) {
    case "ready": // the stream begins, or was away: nobody knows what changed before
      fetchAgain(cache, keys.allConversations);
      fetchAgain(cache, ["conversation"]);
      break;
    case "conversation.changed":
      fetchAgain(cache, keys.allConversations);
      fetchAgain(cache, keys.conversation(change.id));
      break;
    case "conversation.deleted":
      cache.setQueriesData<Pages>({ queryKey: keys.allConversations }, (pages) =>
        pages === undefined ? pages : withoutConversation(pages, change.id),
      );
      // Kept where it is open, so that its page can say that it is gone; the fetch is answered 404.
      fetchAgain(cache, keys.conversation(change.id));
      break;
    case "run.started":
      fetchAgain(cache, keys.allConversations);
      fetchAgain(cache, keys.conversation(change.conversation));
      break;
    default: // a later version's: nothing here depends on it
  }
}

/**
 * What the cache holds under this key is fetched again, and so is what is on its way: it may have been read before the change.
 * The library takes the second for done, since it starts no other fetch where the first one has brought nothing yet.
 */
function fetchAgain(cache: QueryClient, queryKey: QueryKey): void {
  for (const query of cache.getQueryCache().findAll({ queryKey, fetchStatus: "fetching" })) {
    if (query.state.data !== undefined) continue;
    const again = (): void => void cache.invalidateQueries({ queryKey: query.queryKey, exact: true });
    query.promise?.then(again, () => undefined);
  }
  void cache.invalidateQueries({ queryKey });
}

export function useChanges(enabled: boolean): void {
  const cache = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    const ending = new AbortController();
    // Signed out elsewhere? Asking for the session says so to the whole page, which then listens no more.
    const refused = () => void cache.invalidateQueries({ queryKey: keys.session });
    void openChanges((change) => applyChange(cache, change), refused, ending.signal);
    return () => ending.abort();
  }, [cache, enabled]);
}
