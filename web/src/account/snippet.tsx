/** A program that uses a key. In: the secret, while it is known. Out: the same in three languages, with this server's address, to copy. */
import { Check, Copy } from "lucide-react";
import { Tabs } from "radix-ui";
import { useState } from "react";
import { useModels } from "@/api/queries";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";
import { talking } from "@/shell/model-facts";
import { useCopy } from "@/thread/use-copy";
import { houseAddress } from "./address";
import { SPEAKING, type Speaking, snippetOf, VARIABLE } from "./snippets";

const NO_MODEL = "MODEL"; // the server lists none: a word to be replaced

export function Snippet({ secret }: { secret: string | null }) {
  const t = useT();
  const model = talking(useModels().data ?? [])[0]?.id ?? NO_MODEL;
  const [speaking, setSpeaking] = useState<Speaking>("python");
  const [copy, copied] = useCopy();
  const text = (id: Speaking) => snippetOf(id, { address: houseAddress(), model, key: secret });
  return (
    <section aria-label={t("account.snippet")} className="grid gap-2">
      <h3 className="font-[620] text-16">{t("account.snippet")}</h3>
      <p className="text-ink-2 text-pretty">
        {secret === null ? t("account.snippet_what", { name: VARIABLE }) : t("account.snippet_secret")}
      </p>
      <Tabs.Root
        value={speaking}
        onValueChange={(value) => setSpeaking(SPEAKING.find(({ id }) => id === value)?.id ?? "python")}
        className="overflow-hidden rounded-2 border border-line bg-surface"
      >
        <div className="flex items-center justify-between gap-2 border-line border-b bg-sunken px-1.5 py-1">
          <Tabs.List aria-label={t("account.snippet_language")} className="flex">
            {SPEAKING.map(({ id, name }) => (
              <Tabs.Trigger
                key={id}
                value={id}
                className="min-h-8 coarse:min-h-11 coarse:min-w-11 rounded-1 px-2.5 text-13 text-ink-2 transition hover:text-ink data-[state=active]:bg-surface data-[state=active]:font-[550] data-[state=active]:text-ink"
              >
                {name}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <IconButton
            small
            label={copied ? t("common.copied") : t("account.snippet_copy")}
            icon={copied ? <Check /> : <Copy />}
            onClick={() => copy({ plain: text(speaking) })}
          />
        </div>
        {SPEAKING.map(({ id }) => (
          <Tabs.Content key={id} value={id} className="overflow-x-auto focus-visible:outline-offset-[-2px]">
            <pre dir="ltr" className="w-fit p-4 font-mono text-13 leading-relaxed">
              <code>{text(id)}</code>
            </pre>
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </section>
  );
}
