/** The window of a conversation's settings. In: what holds now. Out: a form whose faults stand beside their fields, saved as a whole. */
import { useContext, useState } from "react";
import { ApiFailure } from "@/api/failure";
import { useModels } from "@/api/queries";
import type { Model } from "@/api/types";
import { Button } from "@/components/button";
import { Body, Dialog, Foot, formClasses } from "@/components/dialog";
import { failureText } from "@/components/error-state";
import { TextArea, TextField } from "@/components/field";
import { faultText as saidFault } from "@/components/reasons";
import { LanguageContext, type Translate, useT } from "@/i18n";
import { modelNamed, talking } from "@/shell/model-facts";
import {
  type Fault,
  type Faults,
  type Form,
  faultsSaid,
  formOf,
  NUMBERS,
  type NumberName,
  settingsOf,
} from "./settings";
import type { SettingsPanelProps } from "./settings-panel";

interface SettingsDialogProps extends SettingsPanelProps {
  onClose: () => void;
}

export function SettingsDialog(props: SettingsDialogProps) {
  const t = useT();
  return (
    <Dialog form open onOpenChange={props.onClose} title={t("sampling.title")} description={t("sampling.text")}>
      <SettingsForm {...props} />
    </Dialog>
  );
}

function SettingsForm({ model, settings, onSave, onClose }: SettingsDialogProps) {
  const t = useT();
  const language = useContext(LanguageContext);
  const card = modelNamed(talking(useModels().data ?? []), model);
  const [form, setForm] = useState(() => formOf(settings));
  const [faults, setFaults] = useState<Faults>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const field = (name: keyof Form) => ({
    name,
    label: t(`sampling.${name}`),
    hint: t(`sampling.${name}Hint`),
    error: faultText(faults[name], t),
    value: form[name],
    onChange: (event: { target: { value: string } }) => {
      setForm({ ...form, [name]: event.target.value });
      setFaults({ ...faults, [name]: undefined });
    },
  });

  async function save(): Promise<void> {
    const checked = settingsOf(form);
    setFaults(checked.faults);
    setFailed(null);
    if (Object.values(checked.faults).some(Boolean)) return;
    setBusy(true);
    try {
      await onSave(checked.settings);
      onClose();
    } catch (failure) {
      const said = faultsSaid(saidBy(failure, t));
      setFaults(said.faults);
      if (Object.keys(said.faults).length === 0 || said.rest.length > 0) {
        setFailed(t("sampling.failed", { reason: said.rest.join(" ") || failureText(failure, t) }));
      }
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      noValidate
      className={formClasses(true)}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Body>
        <TextArea {...field("system")} dir="auto" rows={4} />
        <div className="grid items-start gap-4 md:grid-cols-2">
          {NUMBERS.map(({ name, whole }) => (
            <TextField
              key={name}
              {...field(name)}
              inputMode={whole ? "numeric" : "decimal"}
              autoComplete="off"
              {...(name === "max_tokens" ? { hint: longestHint(card?.default_max_tokens ?? null, t) } : {})}
              placeholder={ownText(name, card, language) ?? t("sampling.default")}
            />
          ))}
        </div>
        <TextArea {...field("stop")} rows={2} className="font-mono text-13" />
        {failed && (
          <p role="alert" className="text-13 text-bad">
            {failed}
          </p>
        )}
      </Body>
      <Foot className="justify-between">
        <Button
          kind="quiet"
          onClick={() => {
            setForm(formOf({}));
            setFaults({});
          }}
        >
          {t("sampling.reset")}
        </Button>
        <span className="flex gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t("common.save")}
          </Button>
        </span>
      </Foot>
    </form>
  );
}

/** What an empty field means, where the model's card says it. */
function ownText(name: NumberName, card: Model | undefined, language: string): string | null {
  const own = name === "temperature" ? card?.default_model_temperature : null;
  const value = name === "max_tokens" ? card?.default_max_tokens || null : own;
  return value === null || value === undefined ? null : new Intl.NumberFormat(language).format(value);
}

function longestHint(own: number | null, t: Translate): string {
  if (own === null) return t("sampling.max_tokensHint");
  return own === 0 ? t("sampling.max_tokensRoom") : t("sampling.max_tokensOwn", { count: own });
}

function saidBy(failure: unknown, t: Translate): { field: string; text: string }[] {
  if (!(failure instanceof ApiFailure)) return [];
  return failure.fields.map((one) => ({ field: one.field, text: saidFault(one, t) }));
}

function faultText(fault: Fault | undefined, t: Translate): string | null {
  if (!fault) return null;
  switch (fault.kind) {
    case "number":
      return t("sampling.faultNumber");
    case "whole":
      return t("sampling.faultWhole");
    case "range":
      return t("sampling.faultRange", { least: fault.least, most: fault.most });
    case "stops":
      return t("sampling.faultStops", { most: fault.most });
    case "stop-length":
      return t("sampling.faultStopLength", { most: fault.most });
    case "long":
      return t("sampling.faultLong", { most: fault.most });
    case "said":
      return fault.text;
  }
}
