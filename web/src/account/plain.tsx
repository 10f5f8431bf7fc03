/** Something that cannot go on here, and is no fault of the page. In: what, and what to do. Out: both, and the way to the start. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { buttonClasses } from "@/components/button";
import { useT } from "@/i18n";

export function Plain({ title, children }: { title: string; children: ReactNode }) {
  const t = useT();
  return (
    <div role="alert" className="grid justify-items-start gap-2">
      <p className="font-[550] text-16">{title}</p>
      <p className="text-ink-2 text-pretty">{children}</p>
      <Link to="/" className={buttonClasses("plain", "mt-3")}>
        {t("account.to_start")}
      </Link>
    </div>
  );
}
