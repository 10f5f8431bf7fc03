/** The whole page. In: nothing. Out: providers around the router: cache, look, tooltips, notices. */
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { retryWanted } from "@/api/queries";
import { reachability, watchNetwork } from "@/api/reachability";
import { ToastProvider } from "@/components/toast";
import { TooltipProvider } from "@/components/tooltip";
import { rememberModel } from "./chosen-model";
import { LookKeeper, LookProvider } from "./look-provider";
import { watchPersons } from "./persons";
import { createPages } from "./router";

export function createCache(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache(),
    defaultOptions: {
      // "always": the browser's word on the network is not the server's (a laptop reaches itself without one).
      queries: { retry: retryWanted, networkMode: "always", refetchOnWindowFocus: true },
      mutations: { networkMode: "always" },
    },
  });
}

export function App({ cache }: { cache: QueryClient }) {
  const [router] = useState(() => {
    rememberModel(cache);
    return createPages(cache);
  });
  useEffect(watchNetwork, []);
  useEffect(() => watchPersons(cache), [cache]);
  useEffect(
    () =>
      reachability.subscribe(() => {
        // What was asked for while nobody answered is asked for again, and nothing else.
        if (reachability.reached) void cache.refetchQueries({ predicate: ({ state }) => state.status === "error" });
      }),
    [cache],
  );
  return (
    <QueryClientProvider client={cache}>
      <LookProvider>
        <TooltipProvider>
          <ToastProvider>
            <LookKeeper />
            <RouterProvider router={router} />
          </ToastProvider>
        </TooltipProvider>
      </LookProvider>
    </QueryClientProvider>
  );
}
