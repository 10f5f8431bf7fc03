/** The name of the page in tabs, histories and screen readers. In: what the page is of. Out: "… · Alizé". */
import { useEffect } from "react";

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Alizé`;
  }, [title]);
}
