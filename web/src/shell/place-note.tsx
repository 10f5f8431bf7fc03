/** Where answers are computed. In: a model. Out: "Runs on this machine" in green, or the other host; on a phone the mark, which opens the words. */
import type { Model } from "@/api/types";
import { classes } from "@/components/classes";
import { Popover } from "@/components/popover";
import { useT } from "@/i18n";
import { PLACE_COLOURS, type Place, placeOf, placeWords } from "./model-facts";

const MARKS: Record<Place["kind"], string> = {
  here: "rounded-full bg-current",
  server: "rounded-full bg-current",
  near: "rounded-full border-2 border-current",
  remote: "rotate-45 bg-current",
};

export function PlaceNote({ model }: { model: Model }) {
  const t = useT();
  const place = placeOf(model, location.hostname);
  const elsewhere = place.kind === "remote";
  const { key, what, values } = placeWords(place);
  const words = t(key, values);
  return (
    <Popover
      label={t("shell.where")}
      align="end"
      className="max-w-72"
      trigger={
        <button
          type="button"
          className={classes(
            "inline-flex min-h-8 min-w-8 coarse:min-h-11 coarse:min-w-11 items-center justify-center gap-1.5 whitespace-nowrap rounded-1 px-2 font-[550] text-12 hover:bg-sunken",
            PLACE_COLOURS[place.kind],
          )}
        >
          {/* The marks differ in form, too, never by colour alone. */}
          <span aria-hidden className={classes("size-2 flex-none", MARKS[place.kind])} />
          <span className={classes("max-w-64 truncate", elsewhere ? "max-md:max-w-28" : "max-md:sr-only")}>
            {words}
          </span>
        </button>
      }
    >
      <p className="font-[550] [overflow-wrap:anywhere]">{words}</p>
      <p className="text-13 text-ink-2 [overflow-wrap:anywhere]">{t(what, values)}</p>
    </Popover>
  );
}
