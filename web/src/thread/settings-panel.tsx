/** The settings of a conversation. In: what holds now. Out: a form whose faults stand beside their fields, saved as a whole. */
import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import { ApiFailure } from "@/api/failure";
import type { Sampling } from "@/api/types";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { failureText } from "@/components/error-state";
import { TextArea, TextField } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { type Translate, useT } from "@/i18n";
import { type Fault, type Faults, type Form, faultsSaid, formOf, NUMBERS, settingsOf } from "./settings";

export interface SettingsPanelProps {
  settings: Sampling;
  /** Throws what the server says against it. */
  onSave: (settings: Sampling) => Promise<void>;
}

export function SettingsPanel({ settings, onSave }: SettingsPanelProps) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const changed = Object.keys(settings).length > 0;
  return (
    <>
      <IconButton
        label={t("sampling.open")}
        icon={<SlidersHorizontal />}
        side="top"
        aria-haspopup="dialog"
        className={changed ? "rounded-full bg-sea-soft text-sea" : "rounded-full border border-line"}
        onClick={() => setOpen(true)}
      />
      <Dialog open={open} onOpenChange={setOpen} title={t("sampling.title")} description={t("sampling.text")}>
        <SettingsForm settings={settings} onSave={onSave} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function SettingsForm({ settings, onSave, onDone }: SettingsPanelProps & { onDone: () => void }) {
  const t = useT();
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
      onDone();
    } catch (failure) {
      const said = faultsSaid(failure instanceof ApiFailure ? failure.fields : []);
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
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextArea {...field("system")} dir="auto" rows={4} />
      <div className="grid items-start gap-4 md:grid-cols-2">
        {NUMBERS.map(({ name, whole }) => (
          <TextField
            key={name}
            {...field(name)}
            inputMode={whole ? "numeric" : "decimal"}
            autoComplete="off"
            placeholder={t("sampling.default")}
          />
        ))}
      </div>
      <TextArea {...field("stop")} rows={2} className="font-mono text-13" />
      {failed && (
        <p role="alert" className="text-13 text-bad">
          {failed}
        </p>
      )}
      <div className="flex flex-wrap justify-between gap-2">
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
          <Button onClick={onDone}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t("common.save")}
          </Button>
        </span>
      </div>
    </form>
  );
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
    case "said":
      return fault.text;
  }
}
