/**
 * What a control is called, and its keys. In: a control, its words. Out: the same control, with a tooltip on hover and focus.
 *
 * One tooltip serves the page. A conversation shows hundreds of buttons, of which one at most is pointed at: each carries its
 * words as attributes and nothing else.
 */
import {
  cloneElement,
  type ReactElement,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { Keys } from "./keys";
import { place, type Side } from "./tooltip-place";

export interface TooltipProps {
  label: string;
  /** As shown: ["Ctrl", "K"]. */
  shortcut?: readonly string[] | undefined;
  side?: Side;
  children: ReactElement<Record<`data-${string}`, string | undefined>>;
}

export function Tooltip({ label, shortcut, side = "bottom", children }: TooltipProps) {
  return cloneElement(children, {
    "data-tip": label,
    "data-tip-keys": shortcut?.join(" "),
    "data-tip-side": side === "bottom" ? undefined : side,
  });
}

/** Milliseconds of pointing before it shows, and after one was shown during which the next comes without waiting. */
const DELAY = 400;
const SKIP = 200;
/** Milliseconds for the pointer to get from the control to the tooltip. */
const REACH = 120;

/** Once around the page. */
export function TooltipProvider({ children }: { children: ReactNode }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  useEffect(() => listen(setAnchor), []);
  return (
    <>
      {children}
      {anchor && <Shown anchor={anchor} />}
    </>
  );
}

function Shown({ anchor }: { anchor: HTMLElement }) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const { tip, tipKeys, tipSide } = anchor.dataset;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const size = { width: element.offsetWidth, height: element.offsetHeight };
    const viewport = { width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
    const { left, top } = place(anchor.getBoundingClientRect(), size, viewport, sideOf(tipSide));
    element.style.left = `${left}px`;
    element.style.top = `${top}px`;
  }, [anchor, tipSide]);
  useEffect(() => {
    const before = anchor.getAttribute("aria-describedby");
    anchor.setAttribute("aria-describedby", before === null ? id : `${before} ${id}`);
    return () => {
      if (before === null) anchor.removeAttribute("aria-describedby");
      else anchor.setAttribute("aria-describedby", before);
    };
  }, [anchor, id]);
  return createPortal(
    <div
      ref={box}
      id={id}
      role="tooltip"
      className="floats fixed top-0 left-0 z-50 flex w-max max-w-72 items-center gap-2 rounded-1 bg-ink px-2 py-1 text-12 text-paper shadow-2"
    >
      {tip}
      {tipKeys && <Keys keys={tipKeys.split(" ")} inverse />}
    </div>,
    document.body,
  );
}

function sideOf(text: string | undefined): Side {
  return text === "top" || text === "left" || text === "right" ? text : "bottom";
}

/** Calls `show` with the control whose tooltip is to be seen, or null. Returns how to stop. */
function listen(show: (anchor: HTMLElement | null) => void): () => void {
  let current: HTMLElement | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hidden = Number.NEGATIVE_INFINITY;
  const set = (anchor: HTMLElement | null): void => {
    clearTimeout(timer);
    if (anchor === current) return;
    if (current !== null) hidden = performance.now();
    current = anchor;
    show(anchor);
  };
  const later = (anchor: HTMLElement | null, milliseconds: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => set(anchor?.isConnected === false ? null : anchor), milliseconds);
  };
  const hide = (): void => set(null);

  const over = ({ target, pointerType }: PointerEvent): void => {
    if (pointerType === "touch" || !(target instanceof Element)) return;
    clearTimeout(timer);
    if (target.closest("[role=tooltip]")) return; // it stays while it is read
    const anchor = target.closest<HTMLElement>("[data-tip]");
    if (anchor === null && current !== null) later(null, REACH);
    // An open menu or window says itself what its button is for.
    if (anchor === null || anchor === current || anchor.getAttribute("aria-expanded") === "true") return;
    later(anchor, current !== null || performance.now() - hidden < SKIP ? 0 : DELAY);
  };
  const focused = ({ target }: FocusEvent): void => {
    if (!(target instanceof HTMLElement)) return;
    const anchor = target.closest<HTMLElement>("[data-tip]");
    // With the keyboard only: a click says what it wants.
    if (anchor === target && target.matches(":focus-visible") && target.getAttribute("aria-expanded") !== "true")
      set(anchor);
    else hide();
  };
  // What a key does may take the control away. The ones that are held for another do nothing yet.
  const key = (event: KeyboardEvent): void => {
    if (!["Shift", "Control", "Alt", "Meta"].includes(event.key)) hide();
  };
  const scrolled = ({ target }: Event): void => {
    if (current !== null && target instanceof Node && target.contains(current)) hide();
  };
  document.addEventListener("pointerover", over);
  document.addEventListener("pointerdown", hide);
  document.documentElement.addEventListener("pointerleave", hide);
  document.addEventListener("focusin", focused);
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", key);
  document.addEventListener("scroll", scrolled, { capture: true, passive: true });
  return () => {
    clearTimeout(timer);
    document.removeEventListener("pointerover", over);
    document.removeEventListener("pointerdown", hide);
    document.documentElement.removeEventListener("pointerleave", hide);
    document.removeEventListener("focusin", focused);
    document.removeEventListener("focusout", hide);
    document.removeEventListener("keydown", key);
    document.removeEventListener("scroll", scrolled, { capture: true });
  };
}
