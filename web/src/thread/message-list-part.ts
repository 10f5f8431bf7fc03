/** The turns and what lays them out, which load beside the page. In: nothing. Out: the list, and a way to begin loading it early. */
import { lazy } from "react";

const fetchPart = () => import("./message-list");

/** Suspends until it is there. Where it cannot be loaded, the page says so and loads anew (page-states.tsx). */
export const MessageList = lazy(async () => ({ default: (await fetchPart()).MessageList }));

/** For whoever knows that a conversation will be shown; that it failed is said when the list is. */
export function loadMessageList(): void {
  fetchPart().catch(() => {});
}
