/** Who makes keys. In: the session. Out: whether it is somebody who does: an owner, or everybody where there are no accounts. */
import type { Session } from "@/api/types";

export function makesKeys({ no_auth, account }: Session): boolean {
  return no_auth || account?.role === "owner";
}
