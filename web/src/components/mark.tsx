/** A word about something, such as "You" at a person. In: the word. Out: it stands out by form and words, never by colour alone. */
import type { ReactNode } from "react";

export function Mark({ children }: { children: ReactNode }) {
  return <span className="flex-none rounded-1 bg-sea-soft px-1.5 py-0.5 font-[550] text-12 text-sea">{children}</span>;
}
