/** Something failed. In: the failure, what was kept, what to do. Out: all three, announced. */
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiFailure } from "@/api/failure";
import { type Key, type Translate, useT } from "@/i18n";
import { Button } from "./button";

const OWN_WORDS: Record<string, Key> = {
  disk_full: "error.diskFull",
  unreachable: "error.unreachable",
  unexplained: "error.unexplained",
  unreadable: "error.unreadable",
};

/** Ours where the page itself noticed; else the server's, which says what was wrong, where, and what to do. */
export function failureText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiFailure)) return t("error.page");
  const own = OWN_WORDS[error.code ?? ""] ?? OWN_WORDS[error.type];
  return own === undefined ? error.message : t(own, { status: error.status });
}

export interface ErrorStateProps {
  title: string;
  error: unknown;
  /** What was kept. */
  children?: ReactNode;
  onRetry?: () => void;
}

export function ErrorState({ title, error, children, onRetry }: ErrorStateProps) {
  const t = useT();
  return (
    <div role="alert" className="mx-auto grid max-w-form justify-items-center gap-2 px-4 py-12 text-center">
      <CircleAlert aria-hidden className="size-6 text-bad" />
      <p className="font-[550] text-16">{title}</p>
      <p className="text-ink-2 text-pretty [overflow-wrap:anywhere]">{failureText(error, t)}</p>
      {children}
      {onRetry && (
        <Button className="mt-3" onClick={onRetry}>
          {t("common.retry")}
        </Button>
      )}
    </div>
  );
}
