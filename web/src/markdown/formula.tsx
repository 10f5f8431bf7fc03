/** A formula. In: TeX. Out: MathML elements; its source while KaTeX loads, while it is still being written, and when it cannot be set. */
import { createElement, type ReactNode, useMemo } from "react";
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
  const frame = display ? "md-formula md-formula-display" : "md-formula";
  if (set && "math" in set) {
    const formula = element(set.math);
    if (!display) {
      return (
        <span dir="ltr" className={frame}>
          {formula}
        </span>
      );
    }
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
      // biome-ignore lint/a11y/useSemanticElements: a fieldset belongs to forms
      <span role="group" aria-label={t("markdown.formula")} tabIndex={0} dir="ltr" className={frame}>
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

/** The engine has allowed every name and attribute in the tree. */
function element(node: MathElement | string, key?: number): ReactNode {
  if (typeof node === "string") return node;
  return createElement(
    node.name,
    { ...node.attributes, key },
    ...node.children.map((child, index) => element(child, index)),
  );
}
