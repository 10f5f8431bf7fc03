/** One section of the settings. In: its name, what it is for, an action. Out: heading, words, content; focus can go to the heading. */
import { type ReactNode, useId } from "react";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";

export interface SectionProps {
  title: string;
  what?: string;
  action?: ReactNode;
  children: ReactNode;
}

export function Section({ title, what, action, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-5">
      <div className="grid gap-1">
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <h2 id={id} tabIndex={-1} data-section className="font-[620] text-20 tracking-[-0.015em]">
            {title}
          </h2>
          {action}
        </div>
        {what && <p className="max-w-[34rem] text-ink-2 text-pretty">{what}</p>}
      </div>
      {children}
    </section>
  );
}

/** Where focus goes when the button that had it is gone with its row. */
export function focusSection(from: Element | null): void {
  const section = from?.closest("section") ?? document;
  section.querySelector<HTMLElement>("[data-section]")?.focus();
}

interface Listed {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** A list that is fetched: its place while it is, why it is not there, or its rows. */
export function Rows({ list, failed, children }: { list: Listed; failed: string; children: ReactNode }) {
  if (list.isPending) return <Skeleton lines={4} />;
  if (list.isError) return <ErrorState title={failed} error={list.error} onRetry={() => void list.refetch()} />;
  return children;
}

export const ROWS = "grid divide-y divide-line border-line border-y";
export const ROW = "flex items-center justify-between gap-x-4 gap-y-2 py-3";
