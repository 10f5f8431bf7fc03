/** A window over the page. In: a title, content, whether it is open. Out: a modal dialog: focus stays in it, Escape closes it. */
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { createContext, type ReactNode, useContext, useRef } from "react";
import { useT } from "@/i18n";
import { classes } from "./classes";
import { IconButton } from "./icon-button";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** Said under the title, and to screen readers when the dialog opens. */
  description?: string;
  /** The title is heard, not seen: for a palette, whose search field says what it is. */
  hideTitle?: boolean;
  /** "sheet": from the left edge, full height. "top": at a third of the height, so that it does not jump as its list grows. */
  place?: "middle" | "top" | "sheet";
  /** Its content is a form with a `Body`, which scrolls, and a `Foot`, which stays in sight. Otherwise all of the content scrolls. */
  form?: boolean;
  /** It asks before something that cannot be undone: heard as an alert. */
  asks?: boolean;
  className?: string;
  /** Focus goes back to what had it before the dialog, unless this prevents it. */
  onCloseAutoFocus?: (event: Event) => void;
  children: ReactNode;
}

const PLACES = {
  middle:
    "floats left-1/2 top-1/2 max-h-[calc(100dvh-2rem)] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 flex flex-col overflow-hidden rounded-3",
  top: "floats left-1/2 top-[12dvh] max-h-[76dvh] w-[min(40rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-hidden rounded-3",
  sheet: "drawer inset-y-0 left-0 w-[min(18rem,calc(100vw-3rem))] overflow-hidden",
};

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  hideTitle = false,
  place = "middle",
  form = false,
  asks = false,
  className,
  onCloseAutoFocus,
  children,
}: DialogProps) {
  const t = useT();
  const before = useFocusBefore(open);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="floats fixed inset-0 z-40 bg-[color-mix(in_srgb,var(--sunken)_40%,rgb(0_0_0/0.45))]" />
        <Radix.Content
          role={asks ? "alertdialog" : "dialog"}
          className={classes(
            "fixed z-40 border border-line bg-surface text-ink shadow-2 outline-none",
            PLACES[place],
            className,
          )}
          onOpenAutoFocus={focusFirstField}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          onCloseAutoFocus={(event) => {
            onCloseAutoFocus?.(event);
            if (event.defaultPrevented) return;
            event.preventDefault();
            focusAgain(before.current);
          }}
        >
          {hideTitle ? (
            <Radix.Title className="sr-only">{title}</Radix.Title>
          ) : (
            <div className="flex flex-none items-start justify-between gap-3 px-6 pt-6 pb-3">
              <Radix.Title className="font-[620] text-20 tracking-[-0.015em]">{title}</Radix.Title>
              <Radix.Close asChild>
                <IconButton label={t("common.close")} shortcut={["Esc"]} icon={<X />} className="-mt-1 -mr-2" />
              </Radix.Close>
            </div>
          )}
          {description !== undefined && (
            <Radix.Description className={hideTitle ? "sr-only" : "flex-none px-6 pb-4 text-ink-2"}>
              {description}
            </Radix.Description>
          )}
          {place !== "middle" || form ? (
            <InForm value={form}>{children}</InForm>
          ) : (
            <div className="min-h-0 overflow-y-auto px-6 pt-1 pb-6">{children}</div>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The form around `Body` and `Foot`: as high as the window that it fills, or as its content. */
export function formClasses(fills: boolean): string {
  return fills ? "flex min-h-0 flex-1 flex-col" : "grid gap-4";
}

export function Body({ children }: { children: ReactNode }) {
  if (!useContext(InForm)) return children;
  return <div className="grid min-h-0 flex-1 gap-4 overflow-y-auto px-6 pt-1 pb-6">{children}</div>;
}

/** The actions at the end of a form. In a window they stay in sight, however much stands above them. */
export function Foot({ className, children }: { className?: string; children: ReactNode }) {
  const stays = useContext(InForm);
  return (
    <div className={classes("flex flex-wrap gap-2", stays && "flex-none border-line border-t px-6 py-4", className)}>
      {children}
    </div>
  );
}

/** Whether the parts of a form stand in a window that it fills. */
export const InForm = createContext(false);

/** What had focus when the dialog opened. Taken while it is rendered: a field in it with `autoFocus` has focus before any effect. */
function useFocusBefore(open: boolean): { readonly current: Element | null } {
  const before = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  if (open && !wasOpen.current) before.current = document.activeElement;
  wasOpen.current = open;
  return before;
}

/** What is gone since cannot take focus back: the page does. */
function focusAgain(element: Element | null): void {
  const target = element?.isConnected && element !== document.body ? element : document.getElementById("main");
  if (target instanceof HTMLElement) target.focus();
}

/** To the first field, else to the dialog itself: a button with a tooltip, where Radix would go, would open with its tooltip. */
function focusFirstField(event: Event): void {
  if (!(event.currentTarget instanceof HTMLElement)) return;
  event.preventDefault();
  const field = event.currentTarget.querySelector<HTMLElement>("input:not([type=hidden]), textarea, select");
  (field ?? event.currentTarget).focus();
}
