/** Keys to press. In: their names, as printed on them. Out: one `kbd`. */
import { classes } from "./classes";

export function Keys({ keys, inverse = false }: { keys: readonly string[]; inverse?: boolean }) {
  return (
    <kbd
      className={classes(
        "rounded-[0.25rem] border px-1.5 py-0.5 font-medium font-sans text-12 leading-none whitespace-nowrap",
        inverse ? "border-current opacity-80" : "border-line text-ink-3",
      )}
    >
      {keys.join(" ")}
    </kbd>
  );
}
