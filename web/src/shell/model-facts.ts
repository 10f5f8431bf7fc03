/** What a model card says to a person. In: cards of `GET /v1/models`. Out: name, context, licence, where it runs. */
import { isLoopback } from "@/api/base";
import type { Model } from "@/api/types";
import type { Key } from "@/i18n";

/** `near`: another server on the machine that Alizé runs on, which is `host` to Alizé. `by`: hosts that pass on what is written. */
export type Place =
  | { kind: "here" | "server" }
  | { kind: "near"; host: string }
  | { kind: "remote"; host: string; by: readonly string[] };

/**
 * Where answers of this model are computed. A card whose `served_by` is empty is this server's own; "this machine" is said only where
 * the page comes from the machine that it is looked at on.
 */
export function placeOf(model: Model, hostname: string): Place {
  const host = model.served_by;
  if (host !== "") {
    if (isLoopback(host.replace(/:\d+$/, ""))) return { kind: "near", host };
    return { kind: "remote", host, by: model.left.filter((one) => one !== host) };
  }
  return { kind: isLoopback(hostname) ? "here" : "server" };
}

interface Said {
  key: Key;
  /** What it means for what one writes. */
  what: Key;
  values: Record<string, string>;
}

export function placeWords(place: Place): Said {
  switch (place.kind) {
    case "here":
      return { key: "shell.runs_here", what: "shell.runs_here_what", values: {} };
    case "server":
      return { key: "shell.runs_server", what: "shell.runs_server_what", values: {} };
    case "near":
      return { key: "shell.runs_near", what: "shell.runs_near_what", values: { host: place.host } };
    case "remote": {
      const { host, by } = place;
      if (by.length === 0) return { key: "shell.runs_remote", what: "shell.runs_remote_what", values: { host } };
      return { key: "shell.runs_by", what: "shell.runs_by_what", values: { host, by: by.join(", ") } };
    }
  }
}

/** Green: it stays. Amber: it leaves the machine. Neither is claimed of a neighbour, which may pass on what it hears. */
export const PLACE_COLOURS: Record<Place["kind"], string> = {
  here: "text-good",
  server: "text-good",
  near: "text-ink-2",
  remote: "text-sun",
};

/** How a model of this server stands: a key of words and their values. */
export function stateWords(state: NonNullable<Model["state"]>, percent: number | null) {
  if (state === "loading" && percent !== null) {
    return { key: "shell.state_loading_at" as const, values: { percent: String(percent) } };
  }
  return { key: `shell.state_${state}` as const, values: {} };
}

export function licenceOf(model: Model): string {
  return model.license ?? "";
}

export function nameOf(model: Model): string {
  return model.name || model.id;
}

/** Those one can talk to. */
export function talking(models: readonly Model[]): Model[] {
  return models.filter((model) => model.capabilities.completion_chat);
}

/** Whether this server has several to talk to, which may sleep and wake; an upstream's have no state. */
export function severalHere(models: readonly Model[]): boolean {
  return talking(models).filter(({ state }) => state !== null).length > 1;
}

/** By id or alias; "" is the server's default, the first. */
export function modelNamed(models: readonly Model[], wanted: string): Model | undefined {
  if (wanted === "") return models[0];
  return models.find((model) => model.id === wanted || model.aliases.includes(wanted));
}
