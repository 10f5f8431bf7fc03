/** Files that a person chose, dropped or pasted come in; texts, pictures and sounds to send, or the reason why not, go out. */
import type { Attachment, Session } from "@/api/types";
import { type Shrink, shrunk } from "./pictures";

export type Limits = Session["limits"];

/** Whether the model sees and hears, and what it is called. */
export interface Senses {
  sees: boolean;
  hears: boolean;
  model: string;
}

const NONE: Senses = { sees: false, hears: false, model: "" };
/** Bytes of a picture before it is made smaller. */
const LARGEST_PICTURE = 50 * 2 ** 20;

export type Refusal =
  | { why: "blind" | "deaf"; name: string; model: string }
  | { why: "many"; name: string; most: number }
  | { why: "large"; name: string; most: number; size: number }
  | { why: `type${Taken}`; name: string }
  | { why: "binary"; name: string }
  | { why: "empty"; name: string }
  | { why: "unreadable"; name: string };

export interface Chosen {
  name: string;
  type: string;
  size: number;
  bytes: () => Promise<ArrayBuffer>;
}

/** What is taken beside texts, as the names of words for it end. */
type Taken = "" | "Seeing" | "Hearing" | "SeeingHearing";

export function takenBy({ sees, hears }: Pick<Senses, "sees" | "hears">): Taken {
  return sees && hears ? "SeeingHearing" : sees ? "Seeing" : hears ? "Hearing" : "";
}

/** The `accept` of a file field: the browser offers only what the server takes. */
export function acceptOf(limits: Limits, senses: Senses = NONE): string {
  const { attachment_types, image_types, audio_types } = limits;
  return [...attachment_types, ...(senses.sees ? image_types : []), ...(senses.hears ? audio_types : [])].join(",");
}

/** A picture is attached as `data:…`, and shown as one. */
export function isPicture(file: Attachment): boolean {
  return file.text.startsWith("data:image/") && file.type.startsWith("image/");
}

/** A sound is attached as `data:…`, and played as one. */
export function isSound(file: Attachment): boolean {
  return file.text.startsWith("data:audio/") && file.type.startsWith("audio/");
}

/** Why a file cannot be taken, judged before it is read; null: it can. `count`: files that are attached already. */
export function refusal(
  file: Pick<Chosen, "name" | "type" | "size">,
  limits: Limits,
  count: number,
  senses: Senses = NONE,
): Refusal | null {
  const { name, size } = file;
  const picture = limits.image_types.includes(file.type);
  const sound = limits.audio_types.includes(file.type);
  const most = picture ? LARGEST_PICTURE : sound ? limits.audio_bytes : limits.attachment_bytes;
  if (count >= limits.attachments) return { why: "many", name, most: limits.attachments };
  if (picture && !senses.sees) return { why: "blind", name, model: senses.model };
  if (sound && !senses.hears) return { why: "deaf", name, model: senses.model };
  if (!picture && !sound && !isTaken(file, limits.attachment_types)) return { why: `type${takenBy(senses)}`, name };
  if (size === 0) return { why: "empty", name };
  return size > most ? { why: "large", name, most, size } : null;
}

/** Types are media types ("text/plain", "text/*") or endings (".py"). Systems disagree about types, so either is enough. */
function isTaken({ name, type }: Pick<Chosen, "name" | "type">, types: readonly string[]): boolean {
  const media = (type.split(";")[0] ?? "").trim().toLowerCase();
  const lower = name.toLowerCase();
  return types.some((one) => {
    const wanted = one.toLowerCase();
    if (wanted.startsWith(".")) return lower.endsWith(wanted);
    if (wanted.endsWith("/*")) return media.startsWith(wanted.slice(0, -1));
    return media === wanted;
  });
}

/** Reads what can be taken, in order. A file that only calls itself text is refused by its content. */
export async function readFiles(
  files: readonly Chosen[],
  limits: Limits,
  attached: number,
  senses: Senses = NONE,
  shrink: Shrink = shrunk,
): Promise<{ taken: Attachment[]; refused: Refusal[] }> {
  const taken: Attachment[] = [];
  const refused: Refusal[] = [];
  for (const file of files) {
    const no = refusal(file, limits, attached + taken.length, senses);
    if (no) {
      refused.push(no);
      continue;
    }
    const bytes = await file.bytes().catch(() => null);
    if (bytes !== null && limits.image_types.includes(file.type)) {
      const picture = await shrink(bytes, file.type, limits.image_bytes);
      const type = picture?.match(/^data:(image\/[a-z]+);/)?.[1];
      if (picture && type) taken.push({ name: file.name, type, text: picture });
      else refused.push({ why: "unreadable", name: file.name });
      continue;
    }
    if (bytes !== null && limits.audio_types.includes(file.type)) {
      taken.push({ name: file.name, type: file.type, text: written(bytes, file.type) });
      continue;
    }
    const text = bytes && textOf(bytes);
    if (bytes === null) refused.push({ why: "unreadable", name: file.name });
    else if (text === null) refused.push({ why: "binary", name: file.name });
    else taken.push({ name: file.name, type: file.type || "text/plain", text });
  }
  return { taken, refused };
}

/** As an address that holds it. */
function written(bytes: ArrayBuffer, type: string): string {
  const all = new Uint8Array(bytes);
  let letters = "";
  for (let at = 0; at < all.length; at += 0x8000) letters += String.fromCharCode(...all.subarray(at, at + 0x8000));
  return `data:${type};base64,${btoa(letters)}`;
}

/** UTF-8, or UTF-16 with its mark; null where it is no text. */
function textOf(bytes: ArrayBuffer): string | null {
  const [a, b] = new Uint8Array(bytes);
  const encoding = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

export function chosen(files: Iterable<File>): Chosen[] {
  return [...files].map((file) => ({
    name: file.name,
    type: file.type,
    size: file.size,
    bytes: () => file.arrayBuffer(),
  }));
}

/** 262144 → "256 KB", in the person's own numerals. */
export function sizeText(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  const unit = units[at] ?? "byte";
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && at > 0 ? 1 : 0,
  }).format(value);
}
