import type { thread as words } from "../en/thread";

export const thread: Record<keyof typeof words, string> = {};
