/** A session begins. In: the cache, what the server answered. Out: a page that knows this person, and nothing of whoever was here before. */
import type { QueryClient } from "@tanstack/react-query";
import { server } from "@/api/client";
import { keys } from "@/api/queries";
import type { Session } from "@/api/types";
import { setEnded } from "@/shell/ended";
import { tellTabs } from "@/shell/persons";
import { forgetThreads } from "@/thread/stores";

/** Drafts stay in this browser under their owner's id: who signs in again after a session has ended finds their own. */
export function enter(cache: QueryClient, session: Session): void {
  forgetThreads(cache);
  // What is on the page now belongs to nobody: the session, and perhaps an invitation's offer.
  cache.removeQueries({ type: "inactive" });
  server.hold(session);
  cache.setQueryData<Session>(keys.session, session);
  setEnded(cache, "no");
  tellTabs();
}
