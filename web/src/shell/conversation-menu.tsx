/** The menu of one conversation, in the rail and in the header. In: a conversation. Out: rename, pin, archive, export, delete. */
import { Archive, ArchiveRestore, Braces, Ellipsis, FileText, Pencil, Pin, PinOff, Trash2 } from "lucide-react";
import { type Ref, useRef } from "react";
import { exportAddress } from "@/api/actions";
import type { ConversationSummary } from "@/api/types";
import { IconButton } from "@/components/icon-button";
import { Menu, MenuItem, MenuLine, MenuLink } from "@/components/menu";
import { useT } from "@/i18n";
import { useConversationActions } from "./use-conversation-actions";

export interface ConversationMenuProps {
  conversation: ConversationSummary;
  label: string;
  onRename: () => void;
  small?: boolean;
  className?: string;
  /** Where the menu stands in a list with one way through by arrow keys: not on the way of Tab. */
  skipTab?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function ConversationMenu(props: ConversationMenuProps) {
  const { conversation, label, onRename, small, className, skipTab, ref } = props;
  const t = useT();
  const actions = useConversationActions();
  const renaming = useRef(false);
  const { pinned, archived } = conversation;
  return (
    <Menu
      trigger={
        <IconButton
          ref={ref}
          label={label}
          icon={<Ellipsis />}
          {...(small ? { small } : {})}
          {...(skipTab ? { tabIndex: -1 } : {})}
          className={className}
        />
      }
      onCloseAutoFocus={(event) => {
        // Focus belongs to the name field that is about to appear, not to the button of the menu.
        if (renaming.current) event.preventDefault();
        renaming.current = false;
      }}
    >
      <MenuItem
        icon={<Pencil />}
        shortcut={small ? ["F2"] : undefined}
        onSelect={() => {
          renaming.current = true;
          onRename();
        }}
      >
        {t("shell.rename")}
      </MenuItem>
      {archived === null && (
        <MenuItem icon={pinned ? <PinOff /> : <Pin />} onSelect={() => actions.pin(conversation, pinned === null)}>
          {t(pinned ? "shell.unpin" : "shell.pin")}
        </MenuItem>
      )}
      <MenuItem
        icon={archived ? <ArchiveRestore /> : <Archive />}
        onSelect={() => actions.archive(conversation, archived === null)}
      >
        {t(archived ? "shell.unarchive" : "shell.archive")}
      </MenuItem>
      <MenuLine />
      <MenuLink icon={<FileText />} href={exportAddress(conversation.id, "markdown")} download>
        {t("shell.export_markdown")}
      </MenuLink>
      <MenuLink icon={<Braces />} href={exportAddress(conversation.id, "json")} download>
        {t("shell.export_json")}
      </MenuLink>
      <MenuLine />
      <MenuItem
        danger
        icon={<Trash2 />}
        shortcut={small ? ["Del"] : undefined}
        onSelect={() => actions.remove(conversation)}
      >
        {t("common.delete")}
      </MenuItem>
    </Menu>
  );
}
