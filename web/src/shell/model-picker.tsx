/** The model of a conversation. In: the server's cards and the chosen one. Out: a menu with each model's context, licence and place. */
import { ChevronDown } from "lucide-react";
import { useModels } from "@/api/queries";
import type { Model } from "@/api/types";
import { classes } from "@/components/classes";
import { failureText } from "@/components/error-state";
import { Menu, MenuChoice, MenuChoices, MenuHeading } from "@/components/menu";
import { useT } from "@/i18n";
import {
  licenceOf,
  modelNamed,
  nameOf,
  PLACE_COLOURS,
  placeOf,
  placeWords,
  severalHere,
  stateWords,
  talking,
} from "./model-facts";

export interface ModelPickerProps {
  /** An id or alias; "" is the server's default. */
  chosen: string;
  onChoose: (model: string) => void;
}

export function ModelPicker({ chosen, onChoose }: ModelPickerProps) {
  const t = useT();
  const models = useModels();
  const cards = talking(models.data ?? []);
  const current = modelNamed(cards, chosen);
  const several = severalHere(cards);
  const gone = models.isSuccess && current === undefined && chosen !== "";
  const name = current === undefined ? chosen || t("shell.model") : nameOf(current);
  return (
    <Menu
      align="start"
      className="w-88"
      onOpenChange={(open) => {
        if (open) void models.refetch(); // others may have loaded one, or put one to sleep
      }}
      trigger={
        <button
          type="button"
          className={classes(
            "-ml-2 inline-flex min-h-9 coarse:min-h-11 min-w-0 items-center gap-1 rounded-1 px-2 font-[550] transition hover:bg-sunken aria-expanded:bg-sunken",
            gone && "text-bad",
          )}
        >
          <span className="sr-only">{t("shell.model_is")}</span>
          <span className="truncate">{name}</span>
          <ChevronDown aria-hidden className="size-3.5 flex-none text-ink-3" />
        </button>
      }
    >
      <MenuHeading>{t("shell.choose_model")}</MenuHeading>
      {models.isError && (
        <p className="px-2 py-1 text-13 text-bad">
          {t("shell.models_failed", { reason: failureText(models.error, t) })}
        </p>
      )}
      {models.isSuccess && cards.length === 0 && <p className="px-2 py-1 text-13">{t("shell.no_models")}</p>}
      {gone && <p className="px-2 py-1 text-13 text-bad">{t("shell.model_gone", { name: chosen })}</p>}
      <MenuChoices aria-label={t("shell.model")} value={current?.id ?? ""} onValueChange={onChoose}>
        {cards.map((model) => (
          <MenuChoice key={model.id} value={model.id} textValue={nameOf(model)} className="items-start py-2">
            <ModelFacts model={model} several={several} />
          </MenuChoice>
        ))}
      </MenuChoices>
    </Menu>
  );
}

/** `several`: this server has more than one model, so that it matters which are awake. */
function ModelFacts({ model, several }: { model: Model; several: boolean }) {
  const t = useT();
  const place = placeOf(model, location.hostname);
  const { key, values } = placeWords(place);
  const facts = [t("shell.context", { count: model.max_context_length }), licenceOf(model)].filter(Boolean);
  return (
    <span className="grid grid-cols-1 gap-0.5 [overflow-wrap:anywhere]">
      <span className="font-[550]">{nameOf(model)}</span>
      {model.description && <span className="text-13 text-ink-2 text-pretty">{model.description}</span>}
      <span className="text-12 text-ink-3">{facts.join(" · ")}</span>
      {(several || model.state !== "awake") && <StateOf model={model} />}
      <span className={classes("font-[550] text-12", PLACE_COLOURS[place.kind])}>{t(key, values)}</span>
    </span>
  );
}

function StateOf({ model: { state, loaded_percent } }: { model: Model }) {
  const t = useT();
  if (state === null) return null;
  const { key, values } = stateWords(state, loaded_percent);
  return <span className={classes("text-12", state === "failed" ? "text-bad" : "text-ink-2")}>{t(key, values)}</span>;
}
