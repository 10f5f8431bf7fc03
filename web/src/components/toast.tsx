/** Notices under the head of the page, where they cover neither the writing field nor a keyboard. In: `notify({text, action})` from anywhere below the provider. Out: toasts, announced, with undo. */
import { CircleAlert, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { useT } from "@/i18n";
import { IconButton } from "./icon-button";
import { type NewNotice, type Notice, shown, without } from "./toast-list";

const SHOWN = 6_000; // ms; the clock stands still under the pointer, with focus in it, and while the window is away
const SHOWN_WITH_ACTION = 10_000;

export type Notify = (notice: NewNotice) => void;

const NotifyContext = createContext<Notify>(() => {});

export function useNotify(): Notify {
  return useContext(NotifyContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const t = useT();
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const next = useRef(0);
  const notify = useCallback((notice: NewNotice) => {
    next.current += 1;
    const id = next.current;
    setNotices((now) => shown(now, id, notice));
  }, []);
  const end = (id: number) => setNotices((now) => without(now, id));
  return (
    <NotifyContext value={notify}>
      <Radix.Provider label={t("toast.one")} swipeDirection="up">
        {children}
        {notices.map((notice) => (
          <Toast key={notice.id} notice={notice} onEnd={() => end(notice.id)} />
        ))}
        <Radix.Viewport
          label={t("toast.all")}
          // A window that opens hides everything else from those who hear the page, but for what announces itself: undo must be there.
          aria-live="off"
          className="notices pointer-events-none fixed inset-e-0 start-(--rail) top-12 z-50 mx-auto grid w-full max-w-form justify-items-center gap-2 p-2 outline-none print:hidden"
        />
      </Radix.Provider>
    </NotifyContext>
  );
}

function Toast({ notice, onEnd }: { notice: Notice; onEnd: () => void }) {
  const t = useT();
  const { text, kind, action } = notice;
  return (
    <Radix.Root
      type={kind === "failed" ? "foreground" : "background"}
      duration={action ? SHOWN_WITH_ACTION : SHOWN}
      onOpenChange={(open) => {
        if (!open) onEnd();
      }}
      className="floats pointer-events-auto flex max-w-full items-center gap-3 rounded-2 border border-line-strong bg-surface py-1.5 pr-1.5 pl-4 text-ink shadow-2 data-[swipe=move]:translate-y-(--radix-toast-swipe-move-y)"
    >
      {kind === "failed" && <CircleAlert aria-hidden className="size-4 flex-none text-bad" />}
      <Radix.Title className="min-w-0 [overflow-wrap:anywhere]">{text}</Radix.Title>
      <span className="ml-auto flex flex-none items-center">
        {action && (
          <Radix.Action asChild altText={action.label}>
            <button
              type="button"
              onClick={action.run}
              className="min-h-8 coarse:min-h-11 rounded-1 px-3 font-[550] text-sea hover:bg-sea-soft"
            >
              {action.label}
            </button>
          </Radix.Action>
        )}
        <Radix.Close asChild>
          <IconButton small label={t("common.close")} icon={<X />} />
        </Radix.Close>
      </span>
    </Radix.Root>
  );
}
