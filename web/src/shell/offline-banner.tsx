/** Said plainly when the server cannot be reached. In: reachability. Out: a strip over the page, and a word when it is back. */
import { WifiOff } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { reachability } from "@/api/reachability";
import { useNotify } from "@/components/toast";
import { useT } from "@/i18n";

export function useReached(): boolean {
  return useSyncExternalStore(reachability.subscribe, () => reachability.reached);
}

export function OfflineBanner() {
  const t = useT();
  const reached = useReached();
  const notify = useNotify();
  const wasAway = useRef(false);
  const back = t("shell.back_online");
  useEffect(() => {
    if (reached && wasAway.current) notify({ key: "reached", text: back });
    wasAway.current = !reached;
  }, [reached, back, notify]);
  return (
    // The element stays, empty: screen readers announce what appears in a region that they know.
    <div role="status" className="not-printed flex-none">
      {!reached && (
        <p className="flex items-center justify-center gap-2 bg-sun-soft px-4 py-2 text-13 text-ink">
          <WifiOff aria-hidden className="size-4 flex-none text-sun" />
          {t("shell.offline")}
        </p>
      )}
    </div>
  );
}
