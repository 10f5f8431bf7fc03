/** A chat that leaves no trace. In: whether it is one. Out: the switch before it begins, and the note that says what that means. */
import { Ghost } from "lucide-react";
import { Button } from "@/components/button";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";

export function TemporarySwitch({ on, onChange }: { on: boolean; onChange: (on: boolean) => void }) {
  const t = useT();
  return (
    <IconButton
      label={t("temporary.start")}
      icon={<Ghost />}
      side="top"
      aria-pressed={on}
      className="rounded-full border border-line"
      onClick={() => onChange(!on)}
    />
  );
}

export function TemporaryNote({ onEnd }: { onEnd?: () => void }) {
  const t = useT();
  return (
    <div className="mx-auto mb-6 note flex w-full max-w-measure flex-none items-start gap-x-3 rounded-2 bg-sun-soft px-3 py-2 text-13">
      <Ghost aria-hidden className="size-4 flex-none text-sun" />
      <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 basis-60">
          <strong className="font-[550]">{t("temporary.on")}</strong>
          {t("temporary.text")}
        </p>
        {onEnd && (
          <Button kind="quiet" className="ms-auto" onClick={onEnd}>
            {t("temporary.end")}
          </Button>
        )}
      </div>
    </div>
  );
}
