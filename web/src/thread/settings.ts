/** The settings form, all text, comes in; what the server takes, or what is wrong with each field, goes out. */
import type { Sampling } from "@/api/types";

export type NumberName = Exclude<keyof Sampling, "system" | "stop">;

export interface NumberField {
  name: NumberName;
  whole: boolean;
  least: number;
  most: number;
  /** `least` itself is refused. */
  above?: boolean;
  step: number;
}

const HUGE = 2 ** 31 - 1;

/** In the order of the form. The bounds are those of the server, which a test holds equal. */
export const NUMBERS: readonly NumberField[] = [
  { name: "temperature", whole: false, least: 0, most: 1.5, step: 0.1 },
  { name: "top_p", whole: false, least: 0, most: 1, above: true, step: 0.05 },
  { name: "max_tokens", whole: true, least: 1, most: 1_000_000, step: 1 },
  { name: "top_k", whole: true, least: 1, most: 1_000_000, step: 1 },
  { name: "min_p", whole: false, least: 0, most: 1, step: 0.01 },
  { name: "presence_penalty", whole: false, least: -2, most: 2, step: 0.1 },
  { name: "frequency_penalty", whole: false, least: -2, most: 2, step: 0.1 },
  { name: "seed", whole: true, least: 0, most: HUGE, step: 1 },
];
const MOST_STOPS = 16;
const LONGEST_STOP = 1000;
const LONGEST_SYSTEM = 32_000;

/** What stands in the fields; an empty one means the model's own. */
export type Form = Record<NumberName | "system" | "stop", string>;

export type Fault =
  | { kind: "number" }
  | { kind: "whole" }
  | { kind: "range"; least: number; most: number }
  | { kind: "stops"; most: number }
  | { kind: "stop-length"; most: number }
  | { kind: "long"; most: number }
  /** What the server complained of, in words. */
  | { kind: "said"; text: string };

export type Faults = Partial<Record<keyof Form, Fault>>;

export function formOf(settings: Sampling): Form {
  const text = (name: NumberName): string => (settings[name] === undefined ? "" : String(settings[name]));
  return {
    system: settings.system ?? "",
    stop: (settings.stop ?? []).map(escaped).join("\n"),
    temperature: text("temperature"),
    top_p: text("top_p"),
    top_k: text("top_k"),
    min_p: text("min_p"),
    max_tokens: text("max_tokens"),
    presence_penalty: text("presence_penalty"),
    frequency_penalty: text("frequency_penalty"),
    seed: text("seed"),
  };
}

/** A comma counts as a decimal point: half the world writes 0,7. */
export function settingsOf(form: Form): { settings: Sampling; faults: Faults } {
  const settings: Sampling = {};
  const faults: Faults = {};
  if (lengthOf(form.system) > LONGEST_SYSTEM) faults.system = { kind: "long", most: LONGEST_SYSTEM };
  else if (form.system.trim() !== "") settings.system = form.system;
  for (const field of NUMBERS) {
    const text = form[field.name].trim();
    if (text === "") continue;
    const value = /^[+-]?\d*([.,]\d+)?$/.test(text) ? Number(text.replace(",", ".")) : Number.NaN;
    const fault = faultOf(field, value);
    if (fault) faults[field.name] = fault;
    else settings[field.name] = value;
  }
  const stops = form.stop
    .split("\n")
    .filter((line) => line !== "")
    .map(unescaped);
  if (stops.length > MOST_STOPS) faults.stop = { kind: "stops", most: MOST_STOPS };
  else if (stops.some((line) => lengthOf(line) > LONGEST_STOP))
    faults.stop = { kind: "stop-length", most: LONGEST_STOP };
  else if (stops.length > 0) settings.stop = stops;
  return { settings, faults };
}

/** Counted as the server counts: characters, not the halves of those that are two units here. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** One text a line, so that a line break inside a text is written as people know it: \\n. */
const ESCAPES: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\" };

function escaped(text: string): string {
  return text.replace(/[\n\t\r\\]/g, (one) => ESCAPES[one] ?? one);
}

function unescaped(line: string): string {
  return line.replace(/\\[ntr\\]/g, (two) => Object.keys(ESCAPES).find((one) => ESCAPES[one] === two) ?? two);
}

function faultOf({ whole, least, most, above }: NumberField, value: number): Fault | null {
  if (!Number.isFinite(value)) return { kind: "number" };
  if (whole && !Number.isInteger(value)) return { kind: "whole" };
  if (value < least || value > most || (above && value === least)) return { kind: "range", least, most };
  return null;
}

/** The server's complaints in words, each at its field: {field: "settings.temperature", text}. What has no field is the rest. */
export function faultsSaid(said: readonly { field: string; text: string }[]): { faults: Faults; rest: string[] } {
  const faults: Faults = {};
  const rest: string[] = [];
  for (const { field, text } of said) {
    const name = NAMES.find((one) => field.split(".").includes(one));
    if (name) faults[name] = { kind: "said", text };
    else rest.push(text);
  }
  return { faults, rest };
}

const NAMES: readonly (keyof Form)[] = ["system", "stop", ...NUMBERS.map((field) => field.name)];
