/** The settings of this thread. In: the conversation, if the server has it. Out: what holds, and how to change it. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { patchConversation } from "@/api/actions";
import { keys } from "@/api/queries";
import type { Conversation, Sampling } from "@/api/types";
import { useNewChat } from "./new-chat";
import { useStore } from "./thread-context";

const NONE: Sampling = {};

export function useSettings(conversation: Conversation | undefined): [Sampling, (settings: Sampling) => Promise<void>] {
  const cache = useQueryClient();
  const store = useStore();
  const [{ settings }, choose] = useNewChat();
  const onServer = store.kept && store.view().exists;
  const save = useCallback(
    async (next: Sampling) => {
      if (!onServer) return choose({ settings: next });
      await patchConversation(store.id, { settings: next });
      cache.setQueryData<Conversation>(keys.conversation(store.id), (now) => now && { ...now, settings: next });
      void cache.invalidateQueries({ queryKey: keys.contexts(store.id) }); // a system prompt takes its part
    },
    [cache, choose, onServer, store],
  );
  return [onServer ? (conversation?.settings ?? NONE) : settings, save];
}
