/** The pages before the house: sign-in, the first account, an invitation. In: a title, what stands there. Out: one quiet column. */
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useSession } from "@/api/queries";
import type { Session } from "@/api/types";
import { ErrorState } from "@/components/error-state";
import { Select } from "@/components/select";
import { Skeleton } from "@/components/skeleton";
import { preferred, useT } from "@/i18n";
import { Wind } from "@/shell/brand";
import { useDocumentTitle } from "@/shell/document-title";
import { LANGUAGE_NAMES, LANGUAGES } from "@/shell/look";
import { useLook } from "@/shell/look-provider";

export function Entrance({ title, children }: { title: string; children: ReactNode }) {
  useDocumentTitle(title);
  return (
    <div className="h-dvh overflow-y-auto">
      <div className="mx-auto grid min-h-full w-full max-w-[26rem] content-center gap-8 px-4 py-8">
        <header className="flex items-center gap-2 font-[620] text-16">
          <Wind className="size-6 text-sea" />
          Alizé
        </header>
        <main id="main" tabIndex={-1} className="grid gap-4">
          <h1 className="font-[620] text-28 leading-tight tracking-[-0.02em] text-balance">{title}</h1>
          {children}
        </main>
        <footer>
          <LanguageChoice />
        </footer>
      </div>
    </div>
  );
}

/** Nothing is known of a person yet but what their browser says; somebody else's browser may speak another language. */
function LanguageChoice() {
  const t = useT();
  const { language, choose } = useLook();
  const browser = LANGUAGE_NAMES[preferred(navigator.languages)];
  return (
    <Select
      label={t("shell.language")}
      value={language}
      choices={[
        { value: "", label: t("shell.language_browser", { name: browser }) },
        ...LANGUAGES.map((one) => ({ value: one, label: LANGUAGE_NAMES[one] })),
      ]}
      onChange={(value) => choose({ language: value })}
    />
  );
}

/** What depends on the session, once it is known; where it cannot be, why. */
export function WithSession({ children }: { children: (session: Session) => ReactNode }) {
  const t = useT();
  const session = useSession();
  if (session.data) return children(session.data);
  if (session.isPending) return <Skeleton lines={4} />;
  return <ErrorState title={t("shell.starting_failed")} error={session.error} onRetry={() => void session.refetch()} />;
}

/** Leads on to another page, in place of this one: Back must not come here again. `to` is a path of ours, with its search and hash. */
export function Onward({ to }: { to: string }) {
  const navigate = useNavigate();
  useEffect(() => {
    void navigate({ href: to, replace: true });
  }, [navigate, to]);
  return null;
}
