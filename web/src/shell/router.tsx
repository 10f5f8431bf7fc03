/** Addresses and their pages. In: the cache. Out: a router under the prefix that the page is served under. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { PREFIX } from "@/api/base";
import { conversationQuery, modelsQuery, sessionQuery } from "@/api/queries";
import { loadMessageList } from "@/thread/message-list-part";
import { House } from "./house";
import { PageFailed, PageNotFound, PagePending } from "./page-states";
import { ThreadPlace } from "./thread-place";

interface Context {
  cache: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: Outlet });

/** All that needs a person. Without an account the first visit makes one; without a session one signs in and comes back. */
const house = createRoute({
  getParentRoute: () => root,
  id: "house",
  component: House,
  beforeLoad: async ({ context, location }) => {
    if (location.pathname.startsWith("/c/")) loadMessageList();
    const session = await context.cache.ensureQueryData(sessionQuery);
    if (session.setup && !session.no_auth) throw redirect({ to: "/setup", replace: true });
    if (!session.signed_in) throw redirect({ to: "/sign-in", search: { next: location.href }, replace: true });
    void context.cache.prefetchQuery(modelsQuery);
  },
});
const thread = createRoute({ getParentRoute: () => house, id: "thread", component: ThreadPlace });
const home = createRoute({ getParentRoute: () => thread, path: "/" });
const conversation = createRoute({
  getParentRoute: () => thread,
  path: "/c/$id",
  // The server reads while the page of it is made: a long conversation is on its way 100 ms sooner on a slow machine.
  beforeLoad: ({ context, params }) => void context.cache.prefetchQuery(conversationQuery(params.id)),
});
const search = createRoute({
  getParentRoute: () => house,
  path: "/search",
  validateSearch: ({ q }: { q?: unknown }) => ({ q: q === undefined ? "" : String(q) }),
  component: lazyRouteComponent(() => import("./search-page"), "SearchPage"),
});
const archived = createRoute({
  getParentRoute: () => house,
  path: "/archived",
  component: lazyRouteComponent(() => import("./archived-page"), "ArchivedPage"),
});
const settings = createRoute({
  getParentRoute: () => house,
  path: "/settings/$",
  component: lazyRouteComponent(() => import("./settings-place"), "SettingsPlace"),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: ({ next }: { next?: unknown }): { next?: string } => (typeof next === "string" ? { next } : {}),
  component: lazyRouteComponent(() => import("@/account/pages"), "SignInPage"),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("@/account/pages"), "SetupPage"),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("@/account/pages"), "InvitationPage"),
});

const routeTree = root.addChildren([
  house.addChildren([thread.addChildren([home, conversation]), search, archived, settings]),
  signIn,
  setup,
  invitation,
]);

export function createPages(cache: QueryClient, options: Parameters<typeof createRouter>[0] = {}) {
  return createRouter({
    routeTree,
    basepath: PREFIX,
    context: { cache },
    defaultPendingMs: 300, // what is there sooner needs no placeholder
    defaultPendingComponent: PagePending,
    defaultErrorComponent: PageFailed,
    defaultNotFoundComponent: PageNotFound,
    scrollRestoration: false, // panes scroll; the thread keeps its own place
    ...(options.history === undefined ? {} : { history: options.history }),
  });
}

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** What was searched for, on the way to what was found. */
    searched?: string;
  }
  interface Register {
    router: ReturnType<typeof createPages>;
  }
}
