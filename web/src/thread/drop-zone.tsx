/** Files dropped anywhere on the thread. In: what may be dropped. Out: the files; while they hover, what is allowed. */
import { FileDown } from "lucide-react";
import { type DragEvent, type ReactNode, useContext, useState } from "react";
import { LanguageContext, useT } from "@/i18n";
import { type Limits, limitsText, type Senses, takenBy } from "./attachments";

export interface DropZoneProps {
  limits: Limits | undefined;
  senses: Senses;
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

export function DropZone({ limits, senses, onFiles, children }: DropZoneProps) {
  const t = useT();
  const language = useContext(LanguageContext);
  // Entering a child comes before leaving its parent: the depth tells whether the pointer is still inside.
  const [depth, setDepth] = useState(0);
  const may = limits !== undefined && limits.attachments > 0;
  const withFiles = (event: DragEvent): boolean => may && event.dataTransfer.types.includes("Files");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one more way; the paper clip does the same by keyboard
    <div
      className="relative flex min-h-0 flex-1 flex-col"
      onDragEnter={(event) => {
        if (withFiles(event)) setDepth((now) => now + 1);
      }}
      onDragLeave={(event) => {
        if (withFiles(event)) setDepth((now) => Math.max(0, now - 1));
      }}
      onDragOver={(event) => {
        if (withFiles(event)) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!withFiles(event)) return;
        event.preventDefault();
        setDepth(0);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {depth > 0 && limits && (
        <div className="floats pointer-events-none absolute inset-0 z-20 grid bg-paper p-3">
          <div className="grid place-content-center justify-items-center gap-1 rounded-3 border-2 border-sea border-dashed bg-sea-soft px-6 text-center text-balance">
            <FileDown aria-hidden className="mb-2 size-6 text-sea" />
            <p className="font-[550] text-16">{t(`composer.drop${takenBy(senses)}`)}</p>
            <p className="text-13 text-ink-2">{limitsText(limits, senses, t, language)}</p>
          </div>
        </div>
      )}
    </div>
  );
}
