/** A new key. In: its name, what it may do, when it ends. Out: the key with its secret, which the page behind shows once. */
import { CircleAlert } from "lucide-react";
import { useId } from "react";
import type { MadeKey } from "@/api/types";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { TextField } from "@/components/field";
import { Select } from "@/components/select";
import { useT } from "@/i18n";
import { makeKey, type Scope } from "./actions";
import { LIMITS, nameFault } from "./checks";
import { Form } from "./form";
import { ENDS, type Ends, keyEnds } from "./key-ends";
import { faultsOf, useForm } from "./use-form";

const SCOPES: readonly Scope[] = ["inference", "admin"];

export function KeyDialog({ onMade, onClose }: { onMade: (key: MadeKey) => void; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog form open onOpenChange={(open) => open || onClose()} title={t("account.key_make")}>
      <KeyForm onMade={onMade} onClose={onClose} />
    </Dialog>
  );
}

function KeyForm({ onMade, onClose }: { onMade: (key: MadeKey) => void; onClose: () => void }) {
  const t = useT();
  const nameFaultOf = (name: string) => {
    const fault = nameFault(name);
    if (fault === null) return null;
    return t(fault === "account.fault_name_missing" ? "account.key_fault_name" : fault, LIMITS);
  };
  const state = useForm({
    initial: { name: "", scopes: "inference", expires: "never", day: "" },
    check: ({ name, scopes, expires, day }) =>
      faultsOf({
        name: nameFaultOf(name),
        scopes: scopes === "" ? t("account.key_fault_scopes") : null,
        day: keyEnds(endsOf(expires), day, new Date()) === "fault" ? t("account.key_fault_day") : null,
      }),
    send: async ({ name, scopes, expires, day }) => {
      const end = keyEnds(endsOf(expires), day, new Date());
      if (end === "fault") throw new Error("The day has passed since it was checked.");
      onMade(await makeKey(name.trim(), scopesOf(scopes), end.at));
    },
  });
  const { error: endError } = state.field("expires");
  return (
    <Form state={state} action={t("account.key_make")} others={<Button onClick={onClose}>{t("common.cancel")}</Button>}>
      <TextField
        {...state.field("name")}
        label={t("account.key_name")}
        hint={t("account.key_name_hint")}
        autoComplete="off"
        required
        dir="auto"
      />
      <ScopeChoice
        chosen={scopesOf(state.values.scopes)}
        error={state.field("scopes").error}
        onChange={(scopes) => state.set("scopes", scopes.join(" "))}
      />
      <Select
        label={t("account.key_ends")}
        error={endError}
        value={endsOf(state.values.expires)}
        choices={ENDS.map((value) => ({ value, label: endWords(value) }))}
        onChange={(value) => state.set("expires", value)}
      />
      {state.values.expires === "day" && (
        <TextField {...state.field("day")} label={t("account.key_day")} type="date" required />
      )}
    </Form>
  );

  function endWords(ends: Ends): string {
    if (ends === "never") return t("account.key_never");
    return ends === "day" ? t("account.key_on_day") : t("account.key_in_days", { count: Number(ends) });
  }
}

interface ScopeChoiceProps {
  chosen: readonly Scope[];
  error: string | null;
  onChange: (scopes: Scope[]) => void;
}

function ScopeChoice({ chosen, error, onChange }: ScopeChoiceProps) {
  const t = useT();
  const id = useId();
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 font-[550]">{t("account.key_scopes")}</legend>
      {SCOPES.map((scope) => (
        <div key={scope} className="relative flex items-start gap-2.5">
          <input
            id={`${id}-${scope}`}
            type="checkbox"
            checked={chosen.includes(scope)}
            onChange={(event) =>
              onChange(SCOPES.filter((one) => (one === scope ? event.target.checked : chosen.includes(one))))
            }
            aria-invalid={error ? true : undefined}
            aria-describedby={[`${id}-${scope}-what`, error ? `${id}-error` : ""].filter(Boolean).join(" ")}
            className="mt-0.5 size-4 coarse:size-6 flex-none accent-sea"
          />
          <span className="grid">
            <label
              htmlFor={`${id}-${scope}`}
              className="coarse:before:-inset-x-3 coarse:before:-inset-y-2 coarse:before:absolute"
            >
              {t(`account.key_${scope}`)}
            </label>
            <span id={`${id}-${scope}-what`} className="text-13 text-ink-3">
              {t(`account.key_${scope}_what`)}
            </span>
          </span>
        </div>
      ))}
      {error && (
        <p id={`${id}-error`} className="flex items-start gap-1.5 text-13 text-bad">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 flex-none" />
          {error}
        </p>
      )}
    </fieldset>
  );
}

/** The form's fields are text: scopes with a blank between them. */
function scopesOf(text: string): Scope[] {
  const names = text.split(" ");
  return SCOPES.filter((scope) => names.includes(scope));
}

function endsOf(text: string): Ends {
  return ENDS.find((one) => one === text) ?? "never";
}
