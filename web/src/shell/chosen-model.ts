/** The model of new conversations. In: a choice in the header. Out: the thread's new chat, now and (kept in this browser) next time. */
import type { QueryClient } from "@tanstack/react-query";
import { chooseNewChat } from "@/thread/new-chat";
import { createKept } from "./kept";

const kept = createKept("alize.model", "");

/** Model "": the server's default. */
export function chooseModel(cache: QueryClient, model: string): void {
  kept.write(model);
  chooseNewChat(cache, { model });
}

/** At the start of the page. A model that is no longer served is noticed where it is shown. */
export function rememberModel(cache: QueryClient): void {
  if (kept.read() !== "") chooseNewChat(cache, { model: kept.read() });
}
