import type { shell as words } from "../en/shell";

export const shell: Record<keyof typeof words, string> = {};
