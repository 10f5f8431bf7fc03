/** The frame of every form here. In: fields, a form's state. Out: one column, Enter submits, what failed is announced above the button. */
import { CircleAlert } from "lucide-react";
import { type ReactNode, useContext } from "react";
import { Button } from "@/components/button";
import { Body, Foot, formClasses, InForm } from "@/components/dialog";
import type { FormState } from "./use-form";

export interface FormProps<F extends string> {
  state: FormState<F>;
  /** The words of the button that submits. */
  action: string;
  /** Beside that button. */
  others?: ReactNode;
  /** The button is as wide as the fields: on a page that is nothing but the form. */
  wide?: boolean;
  children: ReactNode;
}

/** `noValidate`: the browser's own bubbles speak another language and vanish; ours stay beside the field. */
export function Form<F extends string>({ state, action, others, wide = false, children }: FormProps<F>) {
  return (
    <form noValidate className={formClasses(useContext(InForm))} {...state.form}>
      <Body>
        {children}
        <Failed text={state.failed} />
      </Body>
      <Foot className="justify-end">
        {others}
        <Button kind="primary" type="submit" busy={state.busy} className={wide ? "w-full" : ""}>
          {action}
        </Button>
      </Foot>
    </form>
  );
}

/** Always in the page, so that a screen reader hears what comes into it. */
export function Failed({ text }: { text: string | null }) {
  return (
    <div role="alert" className="empty:hidden">
      {text !== null && (
        <p className="flex items-start gap-2 rounded-2 bg-bad-soft px-3 py-2 text-bad [overflow-wrap:anywhere]">
          <CircleAlert aria-hidden className="mt-0.5 size-4 flex-none" />
          {text}
        </p>
      )}
    </div>
  );
}
