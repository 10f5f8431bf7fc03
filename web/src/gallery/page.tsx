/** Scenes that are whole pages. In: an address, what the server has, how it answers. Out: the real page in front of a server of this script. */
import type { ReactNode } from "react";
import type { Conversation } from "@/api/types";
import { App, createCache } from "@/shell/app";
import { json, type Routes, stream } from "@/test/fake-fetch";
import { type HouseState, serverOf, stateOf } from "@/test/fake-house";

export function page(path: string, given: Partial<HouseState> = {}, routes: Routes = {}): ReactNode {
  const server = serverOf(stateOf(given));
  server.on({ "GET /api/runs/:id/events": ({ signal }) => stream(signal).response, ...routes });
  window.fetch = server.fetch;
  history.replaceState(null, "", path);
  return <App cache={createCache()} />;
}

/** The page of one conversation; it stands in the rail, too. */
export function talk(conversation: Conversation, given: Partial<HouseState> = {}, routes: Routes = {}): ReactNode {
  const conversations = [conversation, ...(given.conversations ?? [])];
  return page(
    `/c/${conversation.id}`,
    { ...given, conversations },
    {
      "GET /api/conversations/:id": () => json(conversation),
      "GET /api/conversations/:id/context": () =>
        json({ limit: 8192, used: 900, sent_from: null, dropped: [], images: 0, sounds: 0, thoughts: false }),
      ...routes,
    },
  );
}

/** An answer that never comes. */
export const never = (): Promise<Response> => new Promise(() => {});
/** No server at all. */
export const away = (): Promise<Response> => Promise.reject(new TypeError("Failed to fetch"));
