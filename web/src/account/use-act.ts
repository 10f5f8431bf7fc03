/** Something is done at once, without a form. In: the work, what to say where it fails. Out: whether it was done; a failure is a notice. */
import { useCallback } from "react";
import { failureText } from "@/components/error-state";
import { useNotify } from "@/components/toast";
import { type Key, useT } from "@/i18n";

export type Act = (work: () => Promise<void>, failed?: Key) => Promise<boolean>;

export function useAct(): Act {
  const t = useT();
  const notify = useNotify();
  return useCallback(
    async (work, failed = "account.not_changed") => {
      try {
        await work();
        return true;
      } catch (error) {
        notify({ key: "account", kind: "failed", text: t(failed, { reason: failureText(error, t) }) });
        return false;
      }
    },
    [notify, t],
  );
}
