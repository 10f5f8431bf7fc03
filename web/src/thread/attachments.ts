/** Files that a person chose, dropped or pasted come in; texts, pictures and sounds to attach, or the reason why not, go out. */
import type { Attachment, Session } from "@/api/types";
import type { Translate } from "@/i18n";
import { sizeText } from "@/i18n/amounts";
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
  | { why: "together"; name: string; most: number }
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

/** What a file is shown and sent as. A picture is uploaded or written as `data:…`: others of its type, such as SVG, are texts. */
export function isPicture(file: Attachment): boolean {
  return file.type.startsWith("image/") && (file.id !== null || file.text.startsWith("data:image/"));
}

/** Likewise. */
export function isSound(file: Attachment): boolean {
  return file.type.startsWith("audio/") && (file.id !== null || file.text.startsWith("data:audio/"));
}

/** How large files may be, before any is chosen. */
export function limitsText(limits: Limits, senses: Senses, t: Translate, language: string): string {
  const size = (bytes: number): string => sizeText(bytes, language);
  return [
    t("composer.limits", { size: size(limits.attachment_bytes), count: limits.attachments }),
    ...(senses.sees ? [t("composer.limitsSeeing", { size: size(LARGEST_PICTURE) })] : []),
    ...(senses.hears ? [t("composer.limitsHearing", { size: size(limits.audio_bytes) })] : []),
  ].join(". ");
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

/** A file that can be taken: a text, or a picture or a sound as it is to be sent. */
export interface Taking {
  name: string;
  type: string;
  content: string | Blob;
}

export interface Reading {
  limits: Limits;
  senses?: Senses;
  /** Files that are attached already. */
  attached: number;
  /** Bytes that pictures and sounds may have together, written as `data:…`. */
  room?: number;
  shrink?: Shrink;
}

/** Reads what can be taken, in order. A file that only calls itself text is refused by its content. */
export async function readFiles(
  files: readonly Chosen[],
  { limits, senses = NONE, attached, room = Number.POSITIVE_INFINITY, shrink = shrunk }: Reading,
): Promise<{ taken: Taking[]; refused: Refusal[] }> {
  const taken: Taking[] = [];
  const refused: Refusal[] = [];
  let left = room;
  for (const file of files) {
    const no = refusal(file, limits, attached + taken.length, senses);
    const read = no ?? (await readFile(file, limits, shrink));
    if ("why" in read) {
      refused.push(read);
    } else if (read.content instanceof Blob && writtenSize(read.content.size) > left) {
      refused.push({ why: "together", name: file.name, most: limits.body_bytes });
    } else {
      if (read.content instanceof Blob) left -= writtenSize(read.content.size);
      taken.push(read);
    }
  }
  return { taken, refused };
}

async function readFile(file: Chosen, limits: Limits, shrink: Shrink): Promise<Taking | Refusal> {
  const { name } = file;
  const bytes = await file.bytes().catch(() => null);
  if (bytes === null) return { why: "unreadable", name };
  if (limits.image_types.includes(file.type)) {
    const picture = await shrink(bytes, file.type, limits.image_bytes);
    return picture === null ? { why: "unreadable", name } : { name, type: picture.type, content: picture };
  }
  if (limits.audio_types.includes(file.type)) {
    return { name, type: file.type, content: new Blob([bytes], { type: file.type }) };
  }
  const text = textOf(bytes);
  return text === null ? { why: "binary", name } : { name, type: file.type || "text/plain", content: text };
}

/** Characters of what stands around the files of a request: its questions and answers. */
const AROUND = 1_000_000;

/** Bytes that a temporary chat has for pictures and sounds, since it sends all in one request. */
export function roomIn(limits: Limits, attachments: readonly Attachment[]): number {
  const there = attachments.reduce((sum, { text }) => sum + text.length, 0);
  return Math.max(0, limits.body_bytes - Math.min(AROUND, limits.body_bytes / 10) - there);
}

/** Of so many bytes in base64, behind `data:TYPE;base64,`. */
function writtenSize(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + 40;
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
