/** Pages that are not there, not yet, or broke. In: the error. Out: what happened, what was kept, what to do. */
import type { ErrorComponentProps } from "@tanstack/react-router";
import { useRouter } from "@tanstack/react-router";
import { under } from "@/api/base";
import { ApiFailure } from "@/api/failure";
import { buttonClasses } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";

export function PagePending() {
  return (
    <main className="grid h-full place-items-center p-6">
      <Skeleton lines={4} className="w-full max-w-form" />
    </main>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  const ofServer = error instanceof ApiFailure;
  return (
    <main className="h-full overflow-y-auto">
      <h1 className="sr-only">Alizé</h1>
      <ErrorState
        title={t(ofServer ? "shell.starting_failed" : "shell.page_failed")}
        error={error}
        onRetry={() => {
          // A page that broke by itself would break again: it is loaded anew.
          if (!ofServer) return location.reload();
          reset();
          void router.invalidate();
        }}
      >
        <p className="text-13 text-ink-3">{t("shell.page_failed_kept")}</p>
      </ErrorState>
    </main>
  );
}

export function PageNotFound() {
  const t = useT();
  return (
    <main className="h-full overflow-y-auto">
      <h1 className="sr-only">{t("shell.not_found")}</h1>
      <EmptyState
        title={t("shell.not_found")}
        action={
          <a href={under("/")} className={buttonClasses()}>
            {t("shell.new_chat")}
          </a>
        }
      >
        {t("shell.not_found_what")}
      </EmptyState>
    </main>
  );
}
