/** What a model thought before it answered. In: the answer. Out: one line, behind which the thoughts are for whoever opens it. */
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Message } from "@/api/types";
import { useT } from "@/i18n";
import { Markdown } from "@/markdown";
import { PicturesOf } from "./outside-policy";

/** Closed until a person opens it, and then open as long as they leave it so, also while more is thought. */
export function Thought({ message }: { message: Message }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  if (message.thought === "") return null;
  const thinking = message.state === "running" && message.content === "";
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)} className="text-13 text-ink-2">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-2 rounded-1 py-1 text-ink-3 hover:text-ink [&::-webkit-details-marker]:hidden">
        {thinking ? (
          <span aria-hidden className="breathing size-2 rounded-full bg-sea" />
        ) : (
          <ChevronRight aria-hidden className={`size-4 ${open ? "rotate-90" : "rtl:rotate-180"}`} />
        )}
        {thinking ? t("thought.now") : t("thought.took", { seconds: Math.max(1, Math.round(message.thought_seconds)) })}
      </summary>
      {/* What nobody opens is not made: thoughts are longer than answers. */}
      {open && (
        <div className="mt-1 min-w-0 border-line border-s-2 ps-3">
          <PicturesOf message={message.id}>
            <Markdown text={message.thought} streaming={thinking} />
          </PicturesOf>
        </div>
      )}
    </details>
  );
}
