/** What is wrong with a field, in words. In: the key that a check gave. Out: its sentence, with the limits it names. */
import { useCallback } from "react";
import { type Key, useT } from "@/i18n";
import { LIMITS } from "./checks";

export function useFaultText(): (fault: Key | null) => string | null {
  const t = useT();
  return useCallback((fault) => (fault === null ? null : t(fault, LIMITS)), [t]);
}
