/**
 * One person after another at the same browser. In: sessions that begin and end, in this tab and in others. Out: each tab knows of it at
 * once, and keeps nothing of whoever was there before.
 */
import type { QueryClient } from "@tanstack/react-query";
import { server } from "@/api/client";
import { newId } from "@/api/id";
import { keys } from "@/api/queries";
import { letGoThreads } from "@/thread/stores";
import { ENDED } from "./ended";

/** Written when somebody signs in or out; its value means nothing but that. */
const NEWS = "alize.session";
/** What is on the page and nobody's own: the session itself, and what an invitation offers. */
const NOBODYS: readonly unknown[] = [keys.session[0], ENDED[0], "invitation"];

export function tellTabs(): void {
  try {
    localStorage.setItem(NEWS, newId());
  } catch {
    // Storage is full or forbidden: the other tabs learn of it with their next call.
  }
}

/** Until the returned function is called. */
export function watchPersons(cache: QueryClient): () => void {
  const heard = ({ key }: StorageEvent): void => {
    if (key === NEWS) void cache.invalidateQueries({ queryKey: keys.session });
  };
  addEventListener("storage", heard);
  const end = server.onPersonChanged(() => forgetPerson(cache));
  return () => {
    removeEventListener("storage", heard);
    end();
  };
}

/** What they were typing stays in this browser, under their own id. */
function forgetPerson(cache: QueryClient): void {
  letGoThreads(cache);
  for (const query of cache.getQueryCache().getAll()) {
    if (NOBODYS.includes(query.queryKey[0])) continue;
    if (query.isActive()) query.reset();
    else cache.getQueryCache().remove(query);
  }
}
