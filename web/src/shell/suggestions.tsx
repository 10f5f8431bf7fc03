/** The first run teaches by doing. In: what to do with a chosen question. Out: three questions that the small default model answers well (docs/log.md). */
import { BookOpen, Compass, Lightbulb } from "lucide-react";
import { everyConversation } from "@/api/list-cache";
import { useConversations } from "@/api/queries";
import { type Key, useT } from "@/i18n";
import { useLook } from "./look-provider";

const SUGGESTIONS: { Icon: typeof Compass; title: Key; text: Key }[] = [
  { Icon: BookOpen, title: "suggest.explain", text: "suggest.explain_text" },
  { Icon: Lightbulb, title: "suggest.tips", text: "suggest.tips_text" },
  { Icon: Compass, title: "suggest.thing", text: "suggest.thing_text" },
];

export function Suggestions({ onChoose }: { onChoose: (text: string) => void }) {
  const t = useT();
  const { shown } = useLook();
  // Who has conversations knows what to ask; who has none yet is shown.
  const list = useConversations();
  if (!list.isSuccess || everyConversation(list.data).length > 0) return null;
  return (
    <section className="grid gap-3 pt-8">
      <h2 className="text-13 text-ink-2 text-pretty">{t("suggest.what")}</h2>
      <ul className="grid gap-2 md:grid-cols-3">
        {SUGGESTIONS.map(({ Icon, title, text }) => (
          <li key={title} className="contents">
            <button
              type="button"
              onClick={() => onChoose(t(text))}
              className="grid content-start gap-1 rounded-2 border border-line bg-surface p-3 text-left transition hover:border-line-strong hover:shadow-1"
            >
              <span className="flex items-center gap-2 font-[550]">
                <Icon aria-hidden className="size-4 flex-none text-sea" />
                {t(title)}
              </span>
              <span lang="en" className="text-13 text-ink-2 text-pretty">
                {t(text)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {shown !== "en" && <p className="text-12 text-ink-3 text-pretty">{t("suggest.english")}</p>}
    </section>
  );
}
