/** A link out of an answer. In: a safe address. Out: a link that asks before it leaves, and names the host it leads to. */
import { ExternalLink, Mail } from "lucide-react";
import { type MouseEvent, type ReactNode, useState } from "react";
import { Button, buttonClasses } from "@/components/button";
import { Popover } from "@/components/popover";
import { useT } from "@/i18n";
import { useCopy } from "@/thread/use-copy";
import { shown } from "./shown-text";

export interface OutsideLinkProps {
  href: string;
  host: string;
  children: ReactNode;
}

const REL = "noopener noreferrer nofollow";

export function OutsideLink({ href, host, children }: OutsideLinkProps) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const mail = href.startsWith("mailto:");
  const ask = (event: MouseEvent): void => {
    if (event.type === "auxclick" && event.button !== 1) return; // the context menu is the browser's
    event.preventDefault();
    setOpen(true);
  };
  const trigger = (
    <a href={href} rel={REL} target="_blank" className="md-link" onClick={ask} onAuxClick={ask}>
      {children}
    </a>
  );
  return (
    <Popover
      trigger={trigger}
      label={t(mail ? "markdown.openMail" : "markdown.openLink")}
      open={open}
      onOpenChange={setOpen}
      className="w-80"
    >
      <Question href={href} host={host} mail={mail} onDone={() => setOpen(false)} />
    </Popover>
  );
}

interface QuestionProps {
  href: string;
  host: string;
  mail: boolean;
  onDone: () => void;
}

function Question({ href, host, mail, onDone }: QuestionProps) {
  const t = useT();
  const [copy, copied] = useCopy();
  const address = mail ? href.slice("mailto:".length) : href;
  return (
    <div className="grid gap-3 text-14">
      <p className="font-[550]">{t(mail ? "markdown.openMail" : "markdown.openLink")}</p>
      <p className="text-ink-2">{mail ? t("markdown.linkMail") : t("markdown.linkLeaves", { host })}</p>
      <p dir="ltr" className="max-h-24 overflow-y-auto rounded-1 bg-sunken px-2 py-1 font-mono text-12 break-all">
        {shown(address)}
      </p>
      <div className="flex flex-wrap gap-2">
        <a href={href} rel={REL} target="_blank" className={buttonClasses("primary")} onClick={onDone}>
          {mail ? <Mail aria-hidden className="size-4" /> : <ExternalLink aria-hidden className="size-4" />}
          {t("markdown.open")}
        </a>
        <Button onClick={() => copy({ plain: address })}>{t(copied ? "common.copied" : "markdown.copyAddress")}</Button>
      </div>
    </div>
  );
}
