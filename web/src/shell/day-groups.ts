/** Conversations by day. In: conversations, now, and words. Out: groups, pinned first, newest first, each conversation in one. */
import type { ConversationSummary, Language } from "@/api/types";
import type { Translate } from "@/i18n";

export interface Group {
  /** Stable while its members stay: "pinned", "today", "yesterday", "week", "month", or "2026-03". */
  key: string;
  label: string;
  conversations: ConversationSummary[];
}

const DAY = 86_400_000; // ms

export function grouped(
  conversations: readonly ConversationSummary[],
  now: Date,
  language: Language,
  t: Translate,
): Group[] {
  const pinned = conversations.filter((one) => one.pinned !== null);
  const others = conversations.filter((one) => one.pinned === null);
  const groups: Group[] = [];
  if (pinned.length > 0) groups.push({ key: "pinned", label: t("shell.pinned"), conversations: newestFirst(pinned) });
  for (const conversation of newestFirst(others)) {
    const key = keyOf(new Date(conversation.updated), now);
    const last = groups.at(-1);
    if (last?.key === key) last.conversations.push(conversation);
    else groups.push({ key, label: labelOf(key, language, t), conversations: [conversation] });
  }
  return groups;
}

/** Days are calendar days where the person is; a clock that is ahead counts as today. */
export function keyOf(moment: Date, now: Date): string {
  const days = Math.round((midnight(now) - midnight(moment)) / DAY); // rounded: two days a year have 23 or 25 hours
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days <= 7) return "week";
  if (days <= 30) return "month";
  return `${moment.getFullYear()}-${String(moment.getMonth() + 1).padStart(2, "0")}`;
}

function labelOf(key: string, language: Language, t: Translate): string {
  switch (key) {
    case "today":
      return t("shell.today");
    case "yesterday":
      return t("shell.yesterday");
    case "week":
      return t("shell.week");
    case "month":
      return t("shell.month");
    default: {
      const [year = 0, month = 1] = key.split("-").map(Number);
      return new Intl.DateTimeFormat(language, { year: "numeric", month: "long" }).format(new Date(year, month - 1, 1));
    }
  }
}

function newestFirst(conversations: readonly ConversationSummary[]): ConversationSummary[] {
  return conversations.toSorted((a, b) => Date.parse(b.updated) - Date.parse(a.updated));
}

function midnight(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}
