/** Nothing is here yet. In: what this place is for, and one action. Out: both. */
import type { ReactNode } from "react";

export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-form justify-items-center gap-2 px-4 py-12 text-center">
      <p className="font-[550] text-16">{title}</p>
      {children && <div className="text-ink-2 text-pretty">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  );
}
