/** Characters that are not seen but change what is read. In: text. Out: the text in pieces, each such character named. */

export interface Shown {
  text: string;
  /** The text is the name of a character that cannot be seen. */
  hidden: boolean;
}

type Ranges = readonly (readonly [first: number, last: number])[];

const HIDDEN: Ranges = [
  [0x00, 0x08], // controls
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad], // soft hyphen
  [0x34f, 0x34f], // joiner of graphemes
  [0x61c, 0x61c], // Arabic direction mark
  [0x115f, 0x1160], // fillers that look like nothing
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f], // zero width, direction marks
  [0x2028, 0x202e], // separators, overrides of direction
  [0x2060, 0x206f], // joiners, isolates
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff], // tags, which can carry a whole text unseen
];

/** Of those, the ones that turn text around: shown also where ordinary text stands. */
const TURNING: Ranges = [
  [0x202a, 0x202e],
  [0x2066, 0x2069],
];

/** Holds emoji together ("👩‍🔬"), and is then no secret. */
const JOINER = "\u200d";

/**
 * For names, addresses and code, where what is read must be what is there.
 *
 * reveal("a\u202eb") → [{ text: "a", hidden: false }, { text: "U+202E", hidden: true }, { text: "b", hidden: false }]
 */
export function reveal(text: string): Shown[] {
  return split(text, HIDDEN);
}

/** For running text: direction marks are how Arabic and Hebrew are written, overrides are how text lies. */
export function revealTurning(text: string): Shown[] {
  return split(text, TURNING);
}

export function hasHidden(text: string): boolean {
  return reveal(text).some((piece) => piece.hidden);
}

/** As one string, for places where nothing can be styled. */
export function revealed(text: string): string {
  return reveal(text)
    .map((piece) => (piece.hidden ? `⟨${piece.text}⟩` : piece.text))
    .join("");
}

function isIn(character: string, ranges: Ranges): boolean {
  const code = character.codePointAt(0) ?? 0;
  return ranges.some(([first, last]) => code >= first && code <= last);
}

/** Most text is of characters that no range holds: one look at each decides. */
function touches(text: string, ranges: Ranges): boolean {
  for (const character of text) {
    const plain = character >= " " && character <= "~";
    if (!plain && character !== "\n" && character !== "\t" && isIn(character, ranges)) return true;
  }
  return false;
}

function split(text: string, which: Ranges): Shown[] {
  if (!touches(text, which)) return [{ text, hidden: false }];
  const out: Shown[] = [];
  let plain = "";
  const characters = [...text];
  for (const [index, character] of characters.entries()) {
    if (!isIn(character, which) || joins(characters, index)) {
      plain += character;
      continue;
    }
    if (plain) out.push({ text: plain, hidden: false });
    plain = "";
    out.push({ text: codePoint(character), hidden: true });
  }
  if (plain) out.push({ text: plain, hidden: false });
  return out;
}

function joins(characters: readonly string[], index: number): boolean {
  if (characters[index] !== JOINER) return false;
  const before = characters[index - 1] ?? "";
  const pictured = /\p{Extended_Pictographic}|\p{Emoji_Modifier}/u.test(before) || before === "\ufe0f";
  return pictured && /\p{Extended_Pictographic}/u.test(characters[index + 1] ?? "");
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
