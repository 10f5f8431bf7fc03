/** Where answers are computed. In: a model. Out: "Runs on this machine" in green, or the other host in amber; on a phone the dot, which opens the words. */
import type { Model } from "@/api/types";
import { classes } from "@/components/classes";
import { Popover } from "@/components/popover";
import { useT } from "@/i18n";
import { placeOf, placeWords } from "./model-facts";

export function PlaceNote({ model }: { model: Model }) {
  const t = useT();
  const place = placeOf(model, location.hostname);
  const remote = place.kind === "remote";
  const { key, values } = placeWords(place);
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
            "inline-flex min-h-8 min-w-8 coarse:min-h-11 items-center justify-center gap-1.5 whitespace-nowrap rounded-1 px-2 font-[550] text-12 hover:bg-sunken",
            remote ? "text-sun" : "text-good",
          )}
        >
          {/* The remote mark differs in form too, never by colour alone. */}
          <span aria-hidden className={classes("size-2 bg-current", remote ? "rotate-45" : "rounded-full")} />
          <span className={classes("max-w-52 truncate", !remote && "max-md:sr-only", remote && "max-md:max-w-28")}>
            {words}
          </span>
        </button>
      }
    >
      <p className="font-[550] [overflow-wrap:anywhere]">{words}</p>
      <p className="text-13 text-ink-2 [overflow-wrap:anywhere]">
        {remote ? t("shell.runs_remote_what", { host: place.host }) : t("shell.runs_here_what")}
      </p>
    </Popover>
  );
}
