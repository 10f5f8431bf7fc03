/**
 * What the next new conversation shall be like. In: choices made before it exists (model, settings, whether it is temporary).
 * Out: the same for every part of the page: the header's model picker, the settings, the composer.
 */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Beginning } from "./transport";

export interface NewChat extends Beginning {
  temporary: boolean;
}

/** Model "": the server's default. */
export const NOTHING_CHOSEN: NewChat = { model: "", settings: {}, temporary: false };

const KEY = ["new-chat"] as const;

export function newChatOf(cache: QueryClient): NewChat {
  return cache.getQueryData<NewChat>(KEY) ?? NOTHING_CHOSEN;
}

export function chooseNewChat(cache: QueryClient, change: Partial<NewChat>): void {
  cache.setQueryData<NewChat>(KEY, { ...newChatOf(cache), ...change });
}

export function useNewChat(): [NewChat, (change: Partial<NewChat>) => void] {
  const cache = useQueryClient();
  // Never fetched: the page's own memory, kept as long as the page.
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: () => newChatOf(cache),
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
  });
  return [data ?? NOTHING_CHOSEN, useCallback((change) => chooseNewChat(cache, change), [cache])];
}
