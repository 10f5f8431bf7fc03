/** What answers may fetch. In: what the server says of other hosts. Out: the policy that the pictures inside follow. */
import { type ReactNode, useMemo } from "react";
import { server } from "@/api/client";
import { useSession } from "@/api/queries";
// Not from its index: that is the part which lays answers out, and loads when there is one.
import { outsidePolicy } from "@/markdown/outside";
import { LinkPolicyContext } from "@/markdown/policy";

const NONE = { hosts: [], offline: false };

export function OutsidePolicy({ children }: { children: ReactNode }) {
  const outside = useSession().data?.outside ?? NONE;
  const policy = useMemo(
    () => outsidePolicy(outside, (url) => server.address("GET /api/outside", { query: { url } })),
    [outside],
  );
  return <LinkPolicyContext value={policy}>{children}</LinkPolicyContext>;
}
