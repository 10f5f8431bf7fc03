import type { account as words } from "../en/account";

export const account: Record<keyof typeof words, string> = {};
