/** That a session ended without this page's doing. In: it did, or somebody signs in or out here. Out: whether the sign-in page is to say so. */
import { type QueryClient, useQuery } from "@tanstack/react-query";

type How = "ended" | "left" | "no";

export const ENDED = ["ended"] as const;

/** The session is no more. Whoever signed out here knows why. */
export function sessionEnded(cache: QueryClient): void {
  cache.setQueryData<How>(ENDED, (how) => (how === "left" ? how : "ended"));
}

export function setEnded(cache: QueryClient, how: "left" | "no"): void {
  cache.setQueryData<How>(ENDED, how);
}

export function useEnded(): boolean {
  // Never fetched: the page's own memory.
  const { data } = useQuery<How>({
    queryKey: ENDED,
    queryFn: () => "no",
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return data === "ended";
}
