/** Short notices. In: notices shown and let go. Out: the few that are on the page, newest last, one for each `key`. */
export interface Notice {
  id: number;
  /** A later notice of the same key replaces an earlier one. */
  key: string | null;
  text: string;
  kind: "done" | "failed";
  /** The one thing that can be done about it, such as Undo. */
  action: { label: string; run: () => void } | null;
}

export type NewNotice = Pick<Notice, "text"> & Partial<Pick<Notice, "key" | "kind" | "action">>;

const MOST = 3; // more would cover the page

export function shown(notices: readonly Notice[], id: number, notice: NewNotice): Notice[] {
  const { text, key = null, kind = "done", action = null } = notice;
  const others = notices.filter((one) => key === null || one.key !== key);
  return [...others, { id, key, text, kind, action }].slice(-MOST);
}

export function without(notices: readonly Notice[], id: number): Notice[] {
  return notices.filter((one) => one.id !== id);
}
