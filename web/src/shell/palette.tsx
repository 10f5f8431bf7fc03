/** Search and commands in one field (Ctrl K). In: what is typed. Out: recent conversations, hits with their excerpts, commands. */
import { useNavigate } from "@tanstack/react-router";
import { ArrowRight, MessageSquare, Search } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { everyConversation } from "@/api/list-cache";
import { LONGEST_SEARCH, useConversations, useSearch } from "@/api/queries";
import { classes } from "@/components/classes";
import { Dialog } from "@/components/dialog";
import { failureText } from "@/components/error-state";
import { Keys } from "@/components/keys";
import { Mark } from "@/components/mark";
import { useT } from "@/i18n";
import { Excerpt } from "./excerpt";
import { focusWriting } from "./focus-writing";
import { type Item, placeAfter, type Section, sectionsOf } from "./palette-items";
import { useCommands } from "./use-commands";
import { useTyped } from "./use-typed";

export function Palette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useT();
  const away = useRef(false);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("palette.title")}
      hideTitle
      place="top"
      onCloseAutoFocus={(event) => {
        // What had focus before is of the page that was left.
        if (away.current) event.preventDefault();
      }}
    >
      <Field
        onDone={(leads) => {
          away.current = leads;
          onOpenChange(false);
        }}
      />
    </Dialog>
  );
}

/** `onDone` is told whether the chosen item leads to another page. */
function Field({ onDone }: { onDone: (leads: boolean) => void }) {
  const t = useT();
  const id = useId();
  const navigate = useNavigate();
  const commands = useCommands();
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const typed = useTyped(text);
  const search = useSearch(typed);
  const recent = everyConversation(useConversations().data);
  const hits = text.trim() === "" ? [] : (search.data ?? []);
  const sections = sectionsOf({ text, commands, recent, hits });
  const items = sections.flatMap((section) => section.items);
  const current = items[Math.min(place, items.length - 1)];
  const waiting = text.trim() !== "" && (search.isFetching || typed !== text);

  const run = (item: Item) => {
    onDone(item.kind !== "command");
    if (item.kind === "command") item.command.run();
    else if (item.kind === "all") void navigate({ to: "/search", search: { q: item.text } });
    else if (item.kind === "recent") openConversation(item.conversation.id);
    else openConversation(item.hit.conversation, item.hit.message ?? "");
  };
  const openConversation = (id: string, message = "") =>
    void navigate({ to: "/c/$id", params: { id }, hash: message, state: { searched: text } }).then(focusWriting);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const next = placeAfter(Math.min(place, items.length - 1), items.length, event.key);
    if (next !== null) setPlace(next);
    else if (event.key === "Enter" && current) run(current);
    else return;
    event.preventDefault();
  };
  const none = items.length === 0 && !waiting && !search.isError;
  return (
    <div className="flex max-h-[inherit] flex-col">
      <div className="flex flex-none items-center gap-3 border-line border-b px-4">
        <Search aria-hidden className="size-[1.125rem] flex-none text-ink-3" />
        <input
          type="text"
          role="combobox"
          aria-expanded={items.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={current ? `${id}-${items.indexOf(current)}` : undefined}
          aria-autocomplete="list"
          aria-label={t("palette.placeholder")}
          placeholder={t("palette.placeholder")}
          autoComplete="off"
          maxLength={LONGEST_SEARCH}
          spellCheck={false}
          dir="auto"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setPlace(0);
          }}
          onKeyDown={onKeyDown}
          className="min-h-13 min-w-0 flex-1 bg-transparent text-16 outline-none placeholder:text-ink-3"
        />
        <Keys keys={["Esc"]} />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label={t("palette.title")} className="min-h-0 overflow-y-auto p-2">
        {sections.map((section) => (
          <Part
            key={section.kind}
            section={section}
            id={id}
            items={items}
            current={current}
            onRun={run}
            onPoint={setPlace}
          />
        ))}
      </div>
      <p role="status" className={classes("px-4 text-ink-2", none || search.isError ? "pb-4" : "sr-only")}>
        {search.isError && text.trim() !== ""
          ? t("palette.failed", { reason: failureText(search.error, t) })
          : none
            ? t("palette.none", { text: text.trim() })
            : waiting
              ? ""
              : t("palette.count", { count: items.filter(({ kind }) => kind !== "all").length })}
      </p>
    </div>
  );
}

interface PartProps {
  section: Section;
  id: string;
  items: readonly Item[];
  current: Item | undefined;
  onRun: (item: Item) => void;
  onPoint: (place: number) => void;
}

function Part({ section, id, items, current, onRun, onPoint }: PartProps) {
  const t = useT();
  const label = t(`palette.${section.kind}`);
  return (
    // biome-ignore lint/a11y/useSemanticElements: groups of a listbox are of this role; a fieldset is none
    <div role="group" aria-label={label}>
      <p aria-hidden className="px-2 pt-2 pb-1 font-[550] text-12 text-ink-3">
        {label}
      </p>
      {section.items.map((item) => {
        const place = items.indexOf(item);
        const chosen = item === current;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field, which names this one by aria-activedescendant
          <div
            key={item.key}
            id={`${id}-${place}`}
            ref={chosen ? intoView : null}
            role="option"
            tabIndex={-1}
            aria-selected={chosen}
            onClick={() => onRun(item)}
            onPointerMove={() => {
              if (!chosen) onPoint(place);
            }}
            className={classes(
              "flex min-h-10 coarse:min-h-11 cursor-pointer items-center gap-3 rounded-1 px-2 py-1.5 [&_svg]:size-4 [&_svg]:flex-none [&_svg]:text-ink-3",
              chosen && "bg-sunken",
            )}
          >
            <ItemWords item={item} />
          </div>
        );
      })}
    </div>
  );
}

function ItemWords({ item }: { item: Item }) {
  const t = useT();
  switch (item.kind) {
    case "command":
      return (
        <>
          {item.command.icon}
          <span className="flex-1">{item.command.label}</span>
          {item.command.shortcut && <Keys keys={item.command.shortcut} />}
        </>
      );
    case "recent":
      return (
        <>
          <MessageSquare aria-hidden />
          <span dir="auto" className="flex-1 truncate">
            {item.conversation.title || t("shell.untitled")}
          </span>
        </>
      );
    case "all":
      return (
        <>
          <ArrowRight aria-hidden />
          <span className="flex-1 truncate">{t("palette.all", { text: item.text })}</span>
        </>
      );
    case "hit": {
      const { title, message, archived, excerpt, marks } = item.hit;
      return (
        <>
          <MessageSquare aria-hidden />
          <span className="min-w-0 flex-1">
            <span dir="auto" className="block truncate">
              {message === null ? <Excerpt text={excerpt} marks={marks} /> : title || t("shell.untitled")}
            </span>
            {message !== null && (
              <span dir="auto" className="block truncate text-13 text-ink-2">
                <Excerpt text={excerpt} marks={marks} />
              </span>
            )}
          </span>
          {archived && <Mark>{t("shell.is_archived")}</Mark>}
        </>
      );
    }
  }
}

function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
