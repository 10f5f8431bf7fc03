/** What answers may fetch. In: what the server says of other hosts, and an answer. Out: the policy of its pictures, which counts who was asked. */
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { server } from "@/api/client";
import { useSession } from "@/api/queries";
import type { Session } from "@/api/types";
// Not from its index: that is the part which lays answers out, and loads when there is one.
import { outsidePolicy } from "@/markdown/outside";
import { LinkPolicyContext } from "@/markdown/policy";
import { useStore } from "./thread-context";

const NONE = { hosts: [], offline: false };
/** Asked once for all answers: each would wait for the session by itself. */
const OutsideContext = createContext<Session["outside"]>(NONE);

export function OutsidePolicy({ children }: { children: ReactNode }) {
  return <OutsideContext value={useSession().data?.outside ?? NONE}>{children}</OutsideContext>;
}

export function PicturesOf({ message, children }: { message: string; children: ReactNode }) {
  const outside = useContext(OutsideContext);
  const store = useStore();
  const policy = useMemo(() => {
    // Of a temporary chat the server knows no message.
    const of = store.kept ? { message } : {};
    const address = (url: string): string => server.address("GET /api/outside", { query: { url, ...of } });
    return outsidePolicy(outside, address, (host) => store.told(message, host));
  }, [outside, store, message]);
  return <LinkPolicyContext value={policy}>{children}</LinkPolicyContext>;
}
