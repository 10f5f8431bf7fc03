/** Keys to press. In: their names, as this code calls them. Out: one `kbd` with the names on the keyboards of the language. */
import { type Key, useT } from "@/i18n";
import { classes } from "./classes";

/** The other names are the same everywhere. */
const NAMES: Record<string, Key> = { Del: "keys.delete", Enter: "keys.enter", Esc: "keys.escape", Shift: "keys.shift" };

export interface KeysProps {
  keys: readonly string[];
  inverse?: boolean;
  /** Also where nothing hovers, and so perhaps no keyboard is: on the sheet that is about keys. */
  always?: boolean;
}

export function Keys({ keys, inverse = false, always = false }: KeysProps) {
  const t = useT();
  return (
    <kbd
      className={classes(
        "rounded-[0.25rem] border px-1.5 py-0.5 font-medium font-sans text-12 leading-none whitespace-nowrap",
        inverse ? "border-current opacity-80" : "border-line text-ink-3",
        !always && "no-hover:hidden",
      )}
    >
      {keys.map((key) => (NAMES[key] ? t(NAMES[key]) : key)).join(" ")}
    </kbd>
  );
}
