/** A formula. In: TeX. Out: MathML elements; its source while KaTeX loads, while it is still being written, and when it cannot be set. */
import { createElement, type ReactNode, type RefObject, useLayoutEffect, useMemo, useRef } from "react";
import { useT } from "@/i18n";
import { lazyPart } from "./lazy-part";
import type { MathElement } from "./math-engine";
import { shown } from "./shown-text";

const engine = lazyPart(() => import("./math-engine"));

export interface FormulaProps {
  tex: string;
  /** As it was written, delimiters and all. */
  source: string;
  display: boolean;
  open?: boolean;
}

export function Formula({ tex, source, display, open = false }: FormulaProps) {
  const t = useT();
  const math = engine.use();
  const set = useMemo(() => (math && !open ? math.typeset(tex, display) : null), [math, tex, display, open]);
  const measured = useRef<HTMLSpanElement>(null);
  useEms(measured, set);
  const frame = display ? "md-formula md-formula-display" : "md-formula";
  if (set && "math" in set) {
    const formula = element(set.math);
    if (!display) {
      return (
        <span ref={measured} dir="ltr" className={frame}>
          {formula}
        </span>
      );
    }
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
      // biome-ignore lint/a11y/useSemanticElements: a fieldset belongs to forms
      <span ref={measured} role="group" aria-label={t("markdown.formula")} tabIndex={0} dir="ltr" className={frame}>
        {formula}
      </span>
    );
  }
  const failed = set && "error" in set ? t("markdown.formulaFailed", { reason: set.error }) : undefined;
  return (
    <code dir="ltr" title={failed} className={`${frame} md-formula-source`}>
      {shown(source)}
    </code>
  );
}

/** Tells the style how wide a formula is: in print it does not scroll, and is set as small as the paper asks for. */
function useEms(frame: RefObject<HTMLSpanElement | null>, set: unknown): void {
  useLayoutEffect(() => {
    const math = set === null ? null : frame.current?.firstElementChild;
    if (!math) return;
    const boxes = [...math.children].map((child) => child.getBoundingClientRect());
    const width = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
    const ems = width / Number.parseFloat(getComputedStyle(math).fontSize);
    if (ems > 0 && Number.isFinite(ems)) frame.current?.style.setProperty("--ems", ems.toFixed(2));
  }, [frame, set]);
}

/** The engine has allowed every name and attribute in the tree. */
function element(node: MathElement | string, key?: number): ReactNode {
  if (typeof node === "string") return node;
  return createElement(
    node.name,
    { ...node.attributes, key },
    ...node.children.map((child, index) => element(child, index)),
  );
}
