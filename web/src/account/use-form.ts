/**
 * A form of text fields. In: first values, a check, how to send. Out: what each field shows, and the one way to submit.
 *
 * What was typed stays through every error. After one, focus is in the first field that is wrong; a field is believed again as
 * soon as it is changed.
 */
import { type FormEvent, type RefObject, useEffect, useRef, useState } from "react";
import { ApiFailure } from "@/api/failure";
import { useT } from "@/i18n";
import { useLook } from "@/shell/look-provider";
import { type Faults, type Said, saidOf } from "./faults";

export type Values<F extends string> = Record<F, string>;

export interface FormParts<F extends string> {
  initial: Values<F>;
  /** Before anything is sent. */
  check: (values: Values<F>) => Faults<F>;
  /** Throws what the server says against it. */
  send: (values: Values<F>) => Promise<void>;
  /** Our own words for a refusal that this form knows; null: the server's. */
  explain?: (failure: ApiFailure) => Partial<Said<F>> | null;
}

export interface FormState<F extends string> {
  values: Values<F>;
  set: (name: F, value: string) => void;
  field: (name: F) => {
    name: F;
    value: string;
    error: string | null;
    onChange: (event: { target: { value: string } }) => void;
  };
  /** What is wrong with no field alone. */
  failed: string | null;
  busy: boolean;
  form: { ref: RefObject<HTMLFormElement | null>; onSubmit: (event: FormEvent) => void };
}

export function useForm<F extends string>({ initial, check, send, explain }: FormParts<F>): FormState<F> {
  const t = useT();
  const { shown: language } = useLook();
  const [values, setValues] = useState(initial);
  const [said, setSaid] = useState<Said<F>>({ faults: {}, rest: null });
  const [refused, setRefused] = useState(0); // how often: focus moves once each time, not with every letter after it
  const [busy, setBusy] = useState(false);
  const sending = useRef(false); // Enter pressed twice comes twice before anything is shown
  const ref = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (refused > 0) focusFirstWrong(ref.current);
  }, [refused]);

  function show(next: Said<F>): void {
    setSaid(next);
    if (Object.keys(next.faults).length > 0) setRefused((times) => times + 1);
  }

  async function submit(): Promise<void> {
    if (sending.current) return;
    const faults = check(values);
    show({ faults, rest: null });
    if (Object.keys(faults).length > 0) return;
    sending.current = true;
    setBusy(true);
    try {
      await send(values);
    } catch (error) {
      const own = error instanceof ApiFailure ? explain?.(error) : null;
      // The fields are those of the first values: TypeScript widens the keys of an object to string.
      const fields = Object.keys(initial) as F[];
      show(own ? { faults: {}, rest: null, ...own } : saidOf(error, fields, { t, language, now: new Date() }));
    } finally {
      sending.current = false;
      setBusy(false);
    }
  }

  const set = (name: F, value: string) => {
    setValues((now) => ({ ...now, [name]: value }));
    setSaid((now) => {
      const { [name]: _, ...faults } = now.faults;
      // Without one of its optional fields it is still such an object, which TypeScript does not see of a computed name.
      return { ...now, faults: faults as Faults<F> };
    });
  };
  return {
    values,
    set,
    field: (name) => ({
      name,
      value: values[name],
      error: said.faults[name] ?? null,
      onChange: (event) => set(name, event.target.value),
    }),
    failed: said.rest,
    busy,
    form: {
      ref,
      onSubmit: (event) => {
        event.preventDefault();
        void submit();
      },
    },
  };
}

/** Only what is wrong: an empty object where nothing is. */
export function faultsOf<F extends string>(found: Partial<Record<F, string | null>>): Faults<F> {
  const faults: Faults<F> = {};
  // The keys are the fields' own: see above.
  for (const name of Object.keys(found) as F[]) {
    const text = found[name];
    if (text) faults[name] = text;
  }
  return faults;
}

function focusFirstWrong(form: HTMLFormElement | null): void {
  const wrong = form?.querySelector<HTMLElement>('[aria-invalid="true"]');
  wrong?.focus();
  if (wrong instanceof HTMLInputElement && wrong.type === "password") wrong.select(); // it cannot be read, so it is typed anew
}
