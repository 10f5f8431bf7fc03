/** Class names. In: names, and names behind a condition. Out: one string. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
