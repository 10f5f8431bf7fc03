/** Asked before what cannot be undone. In: the question, what follows, the action. Out: a dialog that stays open where the action fails. */
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { failureText } from "@/components/error-state";
import { useT } from "@/i18n";
import { Failed } from "./form";

export interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  /** Throws where it was not done. */
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** Rendered while something is asked. */
export function Confirm({ title, text, action, onConfirm, onClose }: ConfirmProps) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);

  async function confirm(): Promise<void> {
    setBusy(true);
    setFailed(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setFailed(failureText(error, t));
      setBusy(false);
    }
  }
  return (
    <Dialog
      open
      asks
      onOpenChange={(open) => open || onClose()}
      title={title}
      description={text}
      className="[overflow-wrap:anywhere]" // a name in the title may be one long word
    >
      <div className="grid gap-4">
        <Failed text={failed} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" busy={busy} onClick={() => void confirm()}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
