/** The models of this server. In: their states and what each takes. Out: a row a model, which can be loaded, put to sleep and kept awake. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys, useResidents } from "@/api/queries";
import type { Resident, Session } from "@/api/types";
import { Button } from "@/components/button";
import { classes } from "@/components/classes";
import { EmptyState } from "@/components/empty-state";
import { failureText } from "@/components/error-state";
import { Mark } from "@/components/mark";
import { Switch } from "@/components/switch";
import { useT } from "@/i18n";
import { makesKeys } from "@/shell/makes-keys";
import { stateWords } from "@/shell/model-facts";
import { changeModel } from "./actions";
import { Confirm } from "./confirm";
import { ROW, ROWS, Rows, Section } from "./section";

export function ModelsSection({ session }: { session: Session }) {
  const t = useT();
  if (makesKeys(session)) return <OwnersModels />;
  return (
    <Section title={t("account.models")}>
      <EmptyState title={t("account.models_owner")}>{t("account.models_owner_what")}</EmptyState>
    </Section>
  );
}

function OwnersModels() {
  const t = useT();
  const list = useResidents();
  const all = list.data?.data ?? [];
  const memory = { free: { bytes: list.data?.free_bytes ?? 0 }, budget: { bytes: list.data?.budget_bytes ?? 0 } };
  return (
    <Section title={t("account.models")} what={t("account.models_what")}>
      <Rows list={list} failed={t("account.models_failed")}>
        {all.length === 0 ? (
          <EmptyState title={t("account.models_none")}>{t("account.models_none_what")}</EmptyState>
        ) : (
          <>
            <p className="text-13 text-ink-2 tabular-nums">{t("account.models_memory", memory)}</p>
            <ul className={ROWS}>
              {all.map((one) => (
                <ModelRow key={one.id} model={one} />
              ))}
            </ul>
          </>
        )}
      </Rows>
    </Section>
  );
}

function ModelRow({ model }: { model: Resident }) {
  const t = useT();
  const change = useChange(model.id);
  const [asking, setAsking] = useState(false);
  const { id, name, state, percent } = model;
  const { key, values } = stateWords(state, percent);
  const facts = [
    model.bytes > 0 && t("account.model_takes", { size: { bytes: model.bytes } }),
    model.bytes === 0 && model.least_bytes !== null && t("account.model_needs", { size: { bytes: model.least_bytes } }),
    model.running > 0 && t("account.model_running", { count: model.running }),
    model.waiting > 0 && t("account.model_waiting", { count: model.waiting }),
    model.generation > 1 && t("account.model_loads", { count: model.generation }),
  ];
  const wrong = change.failed ?? model.error;
  return (
    <li className={classes(ROW, "flex-wrap")}>
      <div className="min-w-0 flex-1 basis-52">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-[550] [overflow-wrap:anywhere]">{name}</span>
          {model.default && <Mark>{t("account.model_default")}</Mark>}
        </p>
        <p className={classes("text-13", state === "failed" ? "text-bad" : "text-ink-2")}>{t(key, values)}</p>
        {state === "loading" && percent !== null && <Loaded name={name} percent={percent} />}
        {model.reloading && <p className="text-13 text-ink-2">{t("account.model_reloading")}</p>}
        <p className="text-13 text-ink-3 tabular-nums">{facts.filter(Boolean).join(" · ")}</p>
        <Adapters of={model} />
        {wrong && (
          <p
            role={change.failed === null ? undefined : "alert"}
            className="text-13 text-bad text-pretty [overflow-wrap:anywhere]"
          >
            {wrong}
          </p>
        )}
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Switch
          label={t("account.model_keep")}
          name={t("account.model_keep_of", { name })}
          checked={model.pinned}
          onChange={(pinned) => void change.begin(pinned ? "pin" : "unpin")}
        />
        {state === "awake" ? (
          <Button
            kind="danger"
            disabled={model.pinned}
            busy={change.busy}
            aria-label={t("account.model_sleep_of", { name })}
            onClick={() => setAsking(true)}
          >
            {t("account.model_sleep")}
          </Button>
        ) : (
          <Button
            disabled={state === "loading" || state === "draining"}
            busy={change.busy}
            aria-label={t("account.model_load_of", { name })}
            onClick={() => void change.begin("load")}
          >
            {t("account.model_load")}
          </Button>
        )}
      </div>
      {asking && (
        <Confirm
          title={t("account.model_sleep_ask", { name: name || id })}
          text={t("account.model_sleep_what")}
          action={t("account.model_sleep")}
          onConfirm={() => change.done("sleep")}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}

function Adapters({ of: { adapters } }: { of: Resident }) {
  const t = useT();
  if (adapters.length === 0) return null;
  const named = adapters.map(({ name, generation: version }) =>
    version > 1 ? t("account.model_adapter", { name, version }) : name,
  );
  return (
    <p className="text-13 text-ink-3 [overflow-wrap:anywhere]">
      {t("account.model_adapters", { names: named.join(" · ") })}
    </p>
  );
}

function Loaded({ name, percent }: { name: string; percent: number }) {
  return (
    <div
      role="progressbar"
      aria-label={name}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className="my-1 h-1 max-w-52 overflow-hidden rounded-full bg-sunken"
    >
      <div className="h-full bg-sea transition-[width]" style={{ width: `${percent}%` }} />
    </div>
  );
}

/** What is done to one model; a failure is kept for its row. */
function useChange(id: string) {
  const t = useT();
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);

  /** Throws where it was not done. */
  async function done(what: Parameters<typeof changeModel>[1]): Promise<void> {
    setFailed(null);
    await changeModel(id, what);
    await Promise.all([
      cache.invalidateQueries({ queryKey: keys.residents }),
      cache.invalidateQueries({ queryKey: keys.models }),
    ]);
  }
  async function begin(what: Parameters<typeof changeModel>[1]): Promise<void> {
    setBusy(true);
    try {
      await done(what);
    } catch (error) {
      setFailed(t("account.model_not_done", { reason: failureText(error, t) }));
    } finally {
      setBusy(false);
    }
  }
  return { busy, failed, begin, done };
}
