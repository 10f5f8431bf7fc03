/** Something failed. In: the failure, what was kept, what to do. Out: all three, announced. */
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiFailure, type Reason } from "@/api/failure";
import { type Translate, useT } from "@/i18n";
import { Button } from "./button";
import { ERROR_WORDS, OWN } from "./error-words";
import { faultText, reasonText } from "./reasons";

export interface Failed {
  /** An error's, or the type of one without. */
  code: string | null;
  /** The server's own words, which are English. They are said, as such, where it gives no reason that this page has words for. */
  detail: string;
  reason: Reason | null;
}

export function errorText({ code, detail, reason }: Failed, t: Translate): string {
  const worded = reason && reasonText(reason, t);
  if (worded) return worded;
  const said = OWN.has(code ?? "") ? detail : t("quoted.detail", { detail });
  const key = ERROR_WORDS[code ?? ""];
  return key === undefined ? said : t(key, { detail: said });
}

export function failureText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiFailure)) return t("error.page");
  const { code, type, message, fields, reason } = error;
  if (reason === null && code === "validation_failed" && fields.length > 0) {
    const faults = fields.map((one) => t("fault.of", { field: one.field, fault: faultText(one, t) }));
    return t("error.invalid", { detail: faults.reduce((first, second) => t("common.after", { first, second })) });
  }
  return errorText({ code: code !== null && code in ERROR_WORDS ? code : type, detail: message, reason }, t);
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
