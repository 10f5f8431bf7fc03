import type { markdown as words } from "../en/markdown";

export const markdown: Record<keyof typeof words, string> = {};
