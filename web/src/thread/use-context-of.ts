/** How much of the model's context the shown path takes. In: the conversation. Out: what the server counts, once answers rest. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { countContext } from "@/api/actions";
import { keys, useContextUse, useModels } from "@/api/queries";
import type { ContextUse } from "@/api/types";
import { modelNamed, talking } from "@/shell/model-facts";
import { useNewChat } from "./new-chat";
import { isActive } from "./state";
import { contextOf } from "./temporary-context";
import { useStore, useView } from "./thread-context";

export function useContextOf(conversation: string | null): ContextUse | undefined {
  const { kept } = useStore();
  // Asked for when nothing is on its way: a leaf that the server does not know yet is no question to ask.
  const leaf = useView(({ thread, queue }) => {
    const last = thread.messages.get(thread.leaf ?? "");
    return last && !isActive(last) && queue.length === 0 ? last.id : null;
  });
  const ofKept = useContextUse(kept ? conversation : null, leaf);
  const ofTemporary = useTemporaryUse(kept ? null : leaf);
  return (kept ? ofKept : ofTemporary).data;
}

/** The server does not have the messages: they are sent to be counted. Its choices may change while the chat goes on. */
function useTemporaryUse(leaf: string | null) {
  const store = useStore();
  const [{ model: wanted, settings }] = useNewChat();
  const model = modelNamed(talking(useModels().data ?? []), wanted)?.id ?? null;
  return useQuery({
    queryKey: [...keys.context(store.id, leaf), model, settings],
    queryFn: ({ signal }) => {
      const { path, messages } = store.view().thread;
      const shown = path.flatMap((id) => messages.get(id) ?? []);
      return contextOf(shown, { model: model ?? "", settings }, countContext, signal);
    },
    enabled: leaf !== null && model !== null,
    placeholderData: keepPreviousData,
  });
}
