/** Letters in another alphabet: bold, script, double-struck. In: text and MathML's name for it. Out: Unicode's own characters for it. */

interface Alphabet {
  upper: number;
  lower: number;
  digit?: number;
  greekUpper?: number;
  greekLower?: number;
}

// Where each alphabet begins in the block "Mathematical Alphanumeric Symbols".
const ALPHABETS: Record<string, Alphabet> = {
  bold: { upper: 0x1d400, lower: 0x1d41a, digit: 0x1d7ce, greekUpper: 0x1d6a8, greekLower: 0x1d6c2 },
  italic: { upper: 0x1d434, lower: 0x1d44e, greekUpper: 0x1d6e2, greekLower: 0x1d6fc },
  "bold-italic": { upper: 0x1d468, lower: 0x1d482, greekUpper: 0x1d71c, greekLower: 0x1d736 },
  script: { upper: 0x1d49c, lower: 0x1d4b6 },
  "bold-script": { upper: 0x1d4d0, lower: 0x1d4ea },
  fraktur: { upper: 0x1d504, lower: 0x1d51e },
  "bold-fraktur": { upper: 0x1d56c, lower: 0x1d586 },
  "double-struck": { upper: 0x1d538, lower: 0x1d552, digit: 0x1d7d8 },
  "sans-serif": { upper: 0x1d5a0, lower: 0x1d5ba, digit: 0x1d7e2 },
  "bold-sans-serif": { upper: 0x1d5d4, lower: 0x1d5ee, digit: 0x1d7ec },
  "sans-serif-italic": { upper: 0x1d608, lower: 0x1d622 },
  "sans-serif-bold-italic": { upper: 0x1d63c, lower: 0x1d656 },
  monospace: { upper: 0x1d670, lower: 0x1d68a, digit: 0x1d7f6 },
};

// Characters that Unicode had before the block existed, and that are therefore missing from it.
const ELSEWHERE: Record<string, Record<string, string>> = {
  italic: { h: "ℎ" },
  script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ", g: "ℊ", o: "ℴ" },
  fraktur: { C: "ℭ", H: "ℌ", I: "ℑ", R: "ℜ", Z: "ℨ" },
  "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
};

/**
 * Browsers follow MathML Core, which knows `mathvariant="normal"` alone; the alphabets have to be written out.
 *
 * inVariant("R", "double-struck") → "ℝ"; inVariant("+", "bold") → "+"
 */
export function inVariant(text: string, variant: string): string {
  const alphabet = ALPHABETS[variant];
  if (!alphabet) return text;
  return [...text].map((character) => ELSEWHERE[variant]?.[character] ?? shifted(character, alphabet)).join("");
}

function shifted(character: string, alphabet: Alphabet): string {
  const code = character.codePointAt(0) ?? 0;
  const from = (first: number, count: number, start: number | undefined): string | null =>
    start !== undefined && code >= first && code < first + count ? String.fromCodePoint(start + code - first) : null;
  return (
    from(0x41, 26, alphabet.upper) ??
    from(0x61, 26, alphabet.lower) ??
    from(0x30, 10, alphabet.digit) ??
    from(0x391, 25, alphabet.greekUpper) ??
    from(0x3b1, 25, alphabet.greekLower) ??
    character
  );
}
