/** Every shortcut on one sheet (?). In: nothing. Out: keys and what they do, and the switch for single keys. */
import { Dialog } from "@/components/dialog";
import { Keys } from "@/components/keys";
import { Switch } from "@/components/switch";
import { type Key, useT } from "@/i18n";
import { IS_MAC, type ShortcutId, shownKeys } from "./shortcuts";
import { useSingleKeys } from "./single-keys";

const EVERYWHERE: [ShortcutId, Key][] = [
  ["palette", "shortcuts.palette"],
  ["newChat", "shortcuts.new_chat"],
  ["toggleRail", "shortcuts.toggle_rail"],
  ["write", "shortcuts.write"],
  ["sheet", "shortcuts.sheet"],
];
const IN_LIST: [string[], Key][] = [
  [["↑", "↓"], "shortcuts.move"],
  [["F2"], "shell.rename"],
  [["Del"], "common.delete"],
];
const WRITING: [string[], Key][] = [
  [["Enter"], "shortcuts.send"],
  [["Shift", "Enter"], "shortcuts.newline"],
];

export function ShortcutsSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useT();
  const [single, setSingle] = useSingleKeys();
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("shortcuts.title")}>
      <div className="grid gap-5">
        <Part heading="shortcuts.everywhere" rows={EVERYWHERE.map(([id, key]) => [shownKeys(id, IS_MAC), key])} />
        <Part heading="shortcuts.list" rows={IN_LIST} />
        <Part heading="shortcuts.composer" rows={WRITING} />
        <div className="border-line border-t pt-4">
          <Switch
            label={t("shortcuts.single")}
            hint={t("shortcuts.single_what", { keys: "?  /" })}
            checked={single}
            onChange={setSingle}
          />
        </div>
      </div>
    </Dialog>
  );
}

function Part({ heading, rows }: { heading: Key; rows: readonly (readonly [readonly string[], Key])[] }) {
  const t = useT();
  return (
    <section>
      <h3 className="pb-1 font-[550] text-13 text-ink-3">{t(heading)}</h3>
      <dl className="grid gap-y-1">
        {rows.map(([keys, key]) => (
          <div key={key} className="flex min-h-7 items-center justify-between gap-4">
            <dt>{t(key)}</dt>
            <dd>
              <Keys keys={keys} always />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
