/** French as it is set. In: a text with plain spaces. Out: the same, its signs kept to their words: ";", "?" and "»" begin no line. */

const NARROW = "\u202f";
const WHOLE = "\u00a0";

/** typeset("Ouvrir ce lien ?") has a narrow space before its question mark that does not break. */
export function typeset(text: string): string {
  return text
    .replace(/ (?=[;!?])/g, NARROW)
    .replace(/ (?=[:»])/g, WHOLE)
    .replace(/(?<=«) /g, WHOLE);
}
