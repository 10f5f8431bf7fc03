/** What the model said. In: a message id. Out: its text, how it stands, what can be done with it, and the quiet line. */
import { Check, ClipboardType, Copy, Repeat2 } from "lucide-react";
import { memo, useState } from "react";
import { replayAddress } from "@/api/actions";
import type { Message } from "@/api/types";
import { IconButton } from "@/components/icon-button";
import { Menu, MenuItem, MenuLink } from "@/components/menu";
import { CopyIcon, EllipsisIcon, RegenerateIcon } from "@/components/row-icons";
import { useT } from "@/i18n";
import { Markdown, toRichText } from "@/markdown";
import { AnswerState, offersAgain } from "./answer-state";
import { BranchWalker } from "./branch-walker";
import type { Copied } from "./clipboard";
import { PicturesOf } from "./outside-policy";
import { QuietLine } from "./quiet-line";
import { isActive } from "./state";
import { Thought } from "./thought";
import { useMessage, useStore } from "./thread-context";
import { useCopy } from "./use-copy";

export interface AnswerProps {
  id: string;
  onUndo: (request: string) => void;
}

export const Answer = memo(function Answer({ id, onUndo }: AnswerProps) {
  const t = useT();
  const message = useMessage(id);
  if (!message) return null;
  const active = isActive(message);
  return (
    <article aria-busy={active} className="grid min-w-0 gap-3">
      <h2 className="sr-only">
        {message.model === "" ? t("thread.answer") : t("thread.answered", { model: message.model })}
      </h2>
      <Thought message={message} />
      {message.content !== "" && (
        <div className="min-w-0 text-16 leading-(--read)">
          <PicturesOf message={id}>
            <Markdown text={message.content} streaming={message.state === "running"} />
          </PicturesOf>
        </div>
      )}
      <AnswerState message={message} onUndo={onUndo} />
      {!active && <Bar message={message} />}
    </article>
  );
});

function Bar({ message }: { message: Message }) {
  const t = useT();
  const store = useStore();
  const [copy, copied] = useCopy();
  const { content } = message;
  const replays = store.kept && message.served_by === "";
  return (
    <div className="-mt-1 flex flex-wrap items-center gap-x-0.5 gap-y-1 text-ink-3">
      <span className="-ms-1.5 flex items-center gap-0.5 empty:hidden print:hidden">
        <BranchWalker id={message.id} />
        {content !== "" && (
          <IconButton
            small
            label={copied ? t("common.copied") : t("message.copy")}
            icon={copied ? <Check /> : <CopyIcon />}
            onClick={() => copy({ plain: content })}
          />
        )}
        {!offersAgain(message) && (
          <IconButton
            small
            label={t("message.regenerate")}
            icon={<RegenerateIcon />}
            onClick={() => store.regenerate(message)}
          />
        )}
        {content !== "" && <More message={message} replays={replays} copy={copy} />}
      </span>
      <QuietLine message={message} />
    </div>
  );
}

interface MoreProps {
  message: Message;
  /** The server keeps what reproduces it: not of a chat that is kept nowhere, nor of what an upstream answered. */
  replays: boolean;
  copy: (what: Copied) => void;
}

/** A menu takes longer to make than the answer around it, and few are opened: it is made for the one who asks for it. */
function More({ message, replays, copy }: MoreProps) {
  const t = useT();
  const { content, thought } = message;
  const [wanted, setWanted] = useState(false);
  const ask = (): void => setWanted(true);
  const askDown = ({ key }: { key: string }): void => setWanted(key === "ArrowDown");
  const button = (
    <IconButton
      small
      label={t("common.more")}
      icon={<EllipsisIcon />}
      {...(wanted ? {} : { "aria-haspopup": "menu", "aria-expanded": false, onClick: ask, onKeyDown: askDown })}
    />
  );
  if (!wanted) return button;
  return (
    <Menu defaultOpen align="start" trigger={button}>
      <MenuItem icon={<Copy />} onSelect={() => copy({ plain: content })}>
        {t("message.copy")}
      </MenuItem>
      <MenuItem icon={<ClipboardType />} onSelect={() => copy(toRichText(content))}>
        {t("message.copyRich")}
      </MenuItem>
      {thought !== "" && (
        <MenuItem icon={<Copy />} onSelect={() => copy({ plain: `${quoted(thought)}\n\n${content}` })}>
          {t("thought.copy")}
        </MenuItem>
      )}
      {replays && (
        <MenuLink icon={<Repeat2 />} href={replayAddress(message.id)} download>
          {t("message.replay")}
        </MenuLink>
      )}
    </Menu>
  );
}

/** As a quotation of Markdown: what was thought stays apart from what was said. */
function quoted(text: string): string {
  return text.replace(/^/gm, "> ");
}
