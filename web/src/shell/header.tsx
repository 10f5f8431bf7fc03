/** The heads of pages. In: a conversation, or a page's title. Out: model, place and menu of the conversation; or the title. */
import { useQueryClient } from "@tanstack/react-query";
import { Menu as MenuIcon, PanelLeftOpen, SquarePen } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { everyConversation } from "@/api/list-cache";
import { useConversation, useConversations, useModels } from "@/api/queries";
import type { ConversationSummary } from "@/api/types";
import { IconButton } from "@/components/icon-button";
import { Mark } from "@/components/mark";
import { useT } from "@/i18n";
import { useNewChat } from "@/thread/new-chat";
import { chooseModel } from "./chosen-model";
import { ConversationMenu } from "./conversation-menu";
import { useDocumentTitle } from "./document-title";
import { useHouse } from "./house-context";
import { modelNamed, talking } from "./model-facts";
import { ModelPicker } from "./model-picker";
import { PlaceNote } from "./place-note";
import { RenameField } from "./rename-field";
import { IS_MAC, shownKeys } from "./shortcuts";
import { useConversationActions } from "./use-conversation-actions";
import { useWide } from "./use-media";

/** What every head has: the way to the rail, and where it is put away, to a new chat. */
export function Head({ children, newChat = true }: { children: ReactNode; newChat?: boolean }) {
  const t = useT();
  const wide = useWide();
  const house = useHouse();
  return (
    <header className="not-printed flex min-h-13 flex-none items-center gap-2 px-4 py-2 md:px-6">
      {!(wide && house.railShown) && (
        <span className="-ml-2 flex">
          <IconButton
            label={t("shell.open_rail")}
            shortcut={shownKeys("toggleRail", IS_MAC)}
            icon={wide ? <PanelLeftOpen /> : <MenuIcon />}
            onClick={house.toggleRail}
          />
          {wide && newChat && (
            <IconButton
              label={t("shell.new_chat")}
              shortcut={shownKeys("newChat", IS_MAC)}
              icon={<SquarePen />}
              onClick={house.newChat}
            />
          )}
        </span>
      )}
      {children}
    </header>
  );
}

export function PageHead({ title }: { title: string }) {
  useDocumentTitle(title);
  return (
    <Head>
      <h1 className="truncate font-[620] text-16">{title}</h1>
    </Head>
  );
}

export function ConversationHead({ conversationId }: { conversationId: string | null }) {
  const t = useT();
  const cache = useQueryClient();
  const actions = useConversationActions();
  const conversation = useKnown(conversationId);
  const models = useModels().data ?? [];
  const [newChat] = useNewChat();
  const [renaming, setRenaming] = useState(false);
  const menu = useRef<HTMLButtonElement>(null);
  // Unknown while the conversation is: nothing may be said of where it is answered that could be wrong.
  const chosen = conversationId === null ? newChat.model : conversation?.model;
  const model = chosen === undefined ? undefined : modelNamed(talking(models), chosen);
  return (
    <Head>
      {renaming && conversation ? (
        <div className="w-full max-w-80">
          <RenameField
            title={conversation.title}
            onDone={(name) => {
              setRenaming(false);
              actions.rename(conversation, name);
            }}
            onCancel={() => setRenaming(false)}
            back={menu}
          />
        </div>
      ) : (
        chosen !== undefined && (
          <ModelPicker
            chosen={chosen}
            onChoose={(model) => {
              if (conversation) actions.chooseModel(conversation, model);
              chooseModel(cache, model);
            }}
          />
        )
      )}
      <h1 dir="auto" className={conversation?.title ? "min-w-0 truncate text-13 text-ink-2 max-md:sr-only" : "sr-only"}>
        {conversation?.title || t(conversationId === null ? "shell.new_chat" : "shell.untitled")}
      </h1>
      <span className="ml-auto flex flex-none items-center gap-1">
        {conversation?.archived && <Mark>{t("shell.is_archived")}</Mark>}
        {model && <PlaceNote model={model} />}
        {conversation && (
          <ConversationMenu
            ref={menu}
            conversation={conversation}
            label={t("shell.conversation_menu")}
            onRename={() => setRenaming(true)}
            className="-mr-2"
          />
        )}
      </span>
    </Head>
  );
}

/** The conversation, or until it is loaded what the list says of it. */
function useKnown(id: string | null): ConversationSummary | null {
  const whole = useConversation(id).data;
  const list = useConversations().data;
  return whole ?? everyConversation(list).find((one) => one.id === id) ?? null;
}
