/** The page of a thread. In: its store (around it) and what the server says of the conversation. Out: turns, notes, composer. */
import "./thread.css";
import { useCallback, useEffect, useRef, useState } from "react";
import { useModels, useSession } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { failureText } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { useT } from "@/i18n";
import { useLook } from "@/shell/look-provider";
import { modelNamed, talking } from "@/shell/model-facts";
import { Composer } from "./composer";
import { ContextNote } from "./context-note";
import { DropZone } from "./drop-zone";
import { EmptyThread } from "./empty-thread";
import { markFound } from "./found";
import { JumpToLatest } from "./jump-to-latest";
import { LiveRegion } from "./live-region";
import type { MessageListProps } from "./message-list";
import { useMessageList } from "./message-list-part";
import { useNewChat } from "./new-chat";
import { OutsidePolicy } from "./outside-policy";
import { SettingsPanel } from "./settings-panel";
import { saysTooLong } from "./state";
import { TemporaryNote, TemporarySwitch } from "./temporary-note";
import { ThreadModel, useStore, useView } from "./thread-context";
import { useContextOf } from "./use-context-of";
import { useDraft } from "./use-draft";
import { useFiles } from "./use-files";
import { useKeyboard } from "./use-keyboard";
import { useScroll } from "./use-scroll";
import { useSenses } from "./use-senses";
import { useSettings } from "./use-settings";
import { stoppable } from "./view";
import { WarmList } from "./warm-list";

/** Where a search led. */
export interface Target {
  message: string;
  searched: string;
}

export interface ThreadViewProps {
  conversation: Conversation | undefined;
  target: Target | null;
  /** Turns a chat that has not begun into a temporary one, and back; missing where it has begun. */
  onTemporary?: (wanted: boolean) => void;
}

export function ThreadView({ conversation, target, onTemporary }: ThreadViewProps) {
  const t = useT();
  const store = useStore();
  const page = useRef<HTMLElement>(null);
  const empty = useView((view) => view.thread.path.length === 0);
  const active = useView(stoppable);
  const stopping = useView((view) => active !== null && view.stopping.has(active));
  const trouble = useView((view) => view.trouble);
  const draft = useDraft();
  const scroll = useScroll(empty && onTemporary !== undefined);
  const context = useContextOf(conversation?.id ?? null);
  const said = useView((view) => saysTooLong(view.thread));
  const [settings, saveSettings] = useSettings(conversation);
  const [newChat] = useNewChat();
  const limits = useSession().data?.limits;
  const senses = useSenses(conversation);
  const files = useFiles(draft, useModels().data && limits, senses);
  const [wanted, setWanted] = useState<string | null>(null);
  const there = useView((view) => target !== null && view.thread.messages.has(target.message));
  useKeyboard(page);

  useEffect(() => {
    if (target === null || !there) return;
    // It may be on another branch than the one that was shown last.
    if (!store.view().thread.path.includes(target.message)) store.show(target.message);
    setWanted(target.message);
    const leaving = new AbortController();
    if (scroll.scroller.current) markFound(scroll.scroller.current, target.message, target.searched, leaving.signal);
    return () => leaving.abort();
  }, [target, there, store, scroll.scroller]);
  useEffect(() => {
    // A touch screen's keyboard would cover the conversation that was asked for.
    if (matchMedia("(pointer: fine)").matches) document.getElementById("composer")?.focus({ preventScroll: true });
  }, []);

  const { letGo, toLatest } = scroll;
  const onTarget = useCallback(() => {
    letGo();
    setWanted(null);
  }, [letGo]);

  const pick = (text: string): void => {
    draft.setText(text);
    document.getElementById("composer")?.focus();
  };
  const send = (): void => {
    files.forget();
    draft.send();
    // After the question is in the page: sending always shows what was sent.
    requestAnimationFrame(toLatest);
  };

  return (
    <section
      ref={page}
      className="relative flex h-full min-h-0 min-w-0 flex-1 flex-col"
      aria-label={t("thread.messages")}
    >
      <DropZone limits={limits} senses={senses} onFiles={files.add}>
        <div
          ref={scroll.scroller}
          // Opaque, or the browser scrolls it by painting it anew: text on nothing cannot keep its sharp edges on a layer.
          className="min-h-0 flex-1 overflow-y-auto overscroll-contain bg-paper px-6 max-md:px-4 [overflow-anchor:none]"
        >
          <div ref={scroll.content} className={empty ? "flex h-full flex-col pt-4" : "min-h-full pt-4 pb-8"}>
            {!store.kept && <TemporaryNote {...(onTemporary ? { onEnd: () => onTemporary(false) } : {})} />}
            {empty ? (
              <>
                <EmptyThread senses={senses} onPick={pick} />
                {/* Before the first answer, and after the page can be typed in. */}
                <WarmList />
              </>
            ) : (
              <OutsidePolicy>
                <ThreadModel value={conversation?.model ?? newChat.model}>
                  <Turns
                    scroller={scroll.scroller}
                    isFollowing={scroll.isFollowing}
                    sentFrom={context?.dropped.length ? context.sent_from : null}
                    target={wanted}
                    onTarget={onTarget}
                    onUndo={draft.undo}
                  />
                </ThreadModel>
              </OutsidePolicy>
            )}
          </div>
        </div>
        <div className="composer-foot relative px-6 pb-[max(0.75rem,env(safe-area-inset-bottom))] max-md:px-4 print:hidden">
          <JumpToLatest shown={scroll.offersJump && !empty} onJump={toLatest} />
          {trouble !== null && (
            <p role="alert" className="mx-auto mb-2 max-w-measure px-1 text-13 text-bad">
              {t("thread.trouble", { reason: failureText(trouble, t) })}
            </p>
          )}
          <ContextNote use={said ? undefined : context} onShow={setWanted} />
          <Composer
            draft={draft}
            limits={limits}
            senses={senses}
            refused={files.refused}
            reading={files.reading}
            onFiles={files.add}
            onSend={send}
            onStop={active === null ? null : () => store.stop(active)}
            stopping={stopping}
          >
            <SettingsPanel model={conversation?.model ?? newChat.model} settings={settings} onSave={saveSettings} />
            {empty && onTemporary && <TemporarySwitch on={!store.kept} onChange={onTemporary} />}
          </Composer>
          <Note model={conversation?.model ?? newChat.model} />
        </div>
      </DropZone>
      <LiveRegion />
    </section>
  );
}

/** What a model that knows other languages than the page speaks is worth is the first thing to know of it. */
function Note({ model }: { model: string }) {
  const t = useT();
  const { shown } = useLook();
  const languages = modelNamed(talking(useModels().data ?? []), model)?.languages ?? [];
  const foreign = languages.length > 0 && !languages.includes(shown);
  const named = new Intl.DisplayNames(shown, { type: "language" });
  const known = new Intl.ListFormat(shown).format(languages.map((one) => named.of(one) ?? one));
  return (
    <p className="mt-2 text-center text-12 text-ink-3 text-balance">
      {foreign ? t("thread.noteLanguage", { languages: known }) : t("thread.note")}
    </p>
  );
}

function Turns(props: MessageListProps) {
  const MessageList = useMessageList();
  if (MessageList === null) return <Skeleton lines={8} className="mx-auto w-full max-w-measure py-6" />;
  return <MessageList {...props} />;
}
