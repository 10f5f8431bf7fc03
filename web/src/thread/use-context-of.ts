/** How much of the model's context the shown path takes. In: the conversation. Out: what the server counts, once answers rest. */
import { useContextUse } from "@/api/queries";
import type { ContextUse } from "@/api/types";
import { isActive } from "./state";
import { useView } from "./thread-context";

export function useContextOf(conversation: string | null): ContextUse | undefined {
  // Asked for when nothing is on its way: a leaf that the server does not know yet is no question to ask.
  const leaf = useView(({ thread, queue }) => {
    const last = thread.messages.get(thread.leaf ?? "");
    return last && !isActive(last) && queue.length === 0 ? last.id : null;
  });
  return useContextUse(conversation, leaf).data;
}
