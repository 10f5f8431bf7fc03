/** What a model card says to a person. In: cards of `GET /v1/models`. Out: name, context, licence, where it runs. */
import { isLoopback } from "@/api/base";
import type { Model } from "@/api/types";
import type { Key } from "@/i18n";

export type Place = { kind: "here" | "server" } | { kind: "remote"; host: string };

/**
 * Where answers of this model are computed. A card whose `served_by` is empty is this server's own; "this machine" is said only where
 * the page comes from the machine that it is looked at on.
 */
export function placeOf(model: Model, hostname: string): Place {
  if (model.served_by !== "") return { kind: "remote", host: model.served_by };
  return { kind: isLoopback(hostname) ? "here" : "server" };
}

export function placeWords(place: Place): { key: Key; values: Record<string, string> } {
  switch (place.kind) {
    case "here":
      return { key: "shell.runs_here", values: {} };
    case "server":
      return { key: "shell.runs_server", values: {} };
    case "remote":
      return { key: "shell.runs_remote", values: { host: place.host } };
  }
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

/** By id or alias; "" is the server's default, the first. */
export function modelNamed(models: readonly Model[], wanted: string): Model | undefined {
  if (wanted === "") return models[0];
  return models.find((model) => model.id === wanted || model.aliases.includes(wanted));
}
