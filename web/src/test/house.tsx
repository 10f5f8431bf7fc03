/** The whole page on a fake server. In: conversations and an address. Out: the page, the server's state, and a hand on it. */
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { vi } from "vitest";
import { App, createCache } from "@/shell/app";
import type { Routes } from "./fake-fetch";
import { type HouseState, serverOf, stateOf } from "./fake-house";

export { ALIX, type HouseState, MODELS, sessionOf, summary } from "./fake-house";

export function openHouse(path: string, given: Partial<HouseState> = {}, routes: Routes = {}) {
  const state = stateOf(given);
  const server = serverOf(state);
  server.on(routes);
  vi.stubGlobal("fetch", server.fetch);
  history.replaceState(null, "", path);
  const cache = createCache();
  const page = render(<App cache={cache} />);
  return { ...page, server, state, cache, person: userEvent.setup() };
}
