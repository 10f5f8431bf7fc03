/** Where to go after signing in. In: what the address bar asks for. Out: a path of our own, never another site's. */

/** nextPage("/c/1f?x") → the same; nextPage("https://other.example"), "//other.example", "/\\other" or nothing → "/". */
export function nextPage(wanted: unknown): string {
  if (typeof wanted !== "string" || !/^\/(?![/\\])/.test(wanted) || hasControl(wanted)) return "/";
  return /^\/(sign-in|setup|invitation)\b/.test(wanted) ? "/" : wanted;
}

/** Browsers drop tabs and line ends from addresses: "/\t/other" would be another site's. */
function hasControl(text: string): boolean {
  return Array.from(text).some((one) => one <= " " || one === "\u007f");
}
