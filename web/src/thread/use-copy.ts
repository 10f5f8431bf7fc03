/** Copying with an answer to the person. In: what to copy. Out: a function, and whether it was done just now. */
import { useEffect, useState } from "react";
import { useNotify } from "@/components/toast";
import { useT } from "@/i18n";
import { type Copied, copy } from "./clipboard";

const SHOWN = 2_000; // ms

export function useCopy(): [(what: Copied) => void, boolean] {
  const t = useT();
  const notify = useNotify();
  const [done, setDone] = useState(0);
  useEffect(() => {
    if (done === 0) return;
    const timer = setTimeout(() => setDone(0), SHOWN);
    return () => clearTimeout(timer);
  }, [done]);
  const run = (what: Copied): void => {
    copy(what).then(
      () => setDone((times) => times + 1),
      () => notify({ text: t("message.copyFailed"), kind: "failed", key: "copy" }),
    );
  };
  return [run, done > 0];
}
