/** Something failed. In: the failure, what was kept, what to do. Out: all three, announced. */
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiFailure } from "@/api/failure";
import { type Translate, useT } from "@/i18n";
import { Button } from "./button";
import { ERROR_WORDS } from "./error-words";

/** `code`: an error's, or the type of one without. `detail`: the server's own words, which say what was wrong, where, and what to do. */
export function errorText(code: string | null, detail: string, t: Translate): string {
  const key = ERROR_WORDS[code ?? ""];
  return key === undefined ? detail : t(key, { detail });
}

export function failureText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiFailure)) return t("error.page");
  const { code, type, message } = error;
  return errorText(code !== null && code in ERROR_WORDS ? code : type, message, t);
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
