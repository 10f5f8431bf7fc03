/** The settings of a conversation. In: what holds now. Out: a button that says whether something was changed, and opens their window. */
import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Sampling } from "@/api/types";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";

const fetchDialog = () => import("./settings-dialog");
const SettingsDialog = lazy(async () => ({ default: (await fetchDialog()).SettingsDialog }));

export interface SettingsPanelProps {
  /** Whose own choices hold where a field is empty; "" is the server's default. */
  model: string;
  settings: Sampling;
  /** Throws what the server says against it. */
  onSave: (settings: Sampling) => Promise<void>;
}

export function SettingsPanel({ model, settings, onSave }: SettingsPanelProps) {
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
      <Suspense>
        {open && <SettingsDialog model={model} settings={settings} onSave={onSave} onClose={() => setOpen(false)} />}
      </Suspense>
    </>
  );
}
