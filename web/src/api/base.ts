/**
 * Where the server is. In: the address of this script. Out: the path the page is served under, and full paths below it.
 *
 * Scripts are built into `<prefix>/assets/`, so the prefix of a proxy is known without a setting or a `<base>`, however deep the
 * address of the page is. While developing, the page is served from the root.
 */
export function prefixOf(script: string, developing: boolean): string {
  return developing ? "/" : new URL("..", script).pathname;
}

/** Ends in a slash: "/" or "/alize/". */
export const PREFIX = prefixOf(import.meta.url, import.meta.env.DEV);

/** under("/api/session") → "/alize/api/session" */
export function under(path: string, prefix: string = PREFIX): string {
  return prefix + path.replace(/^\/+/, "");
}

/** Whether the page comes from the machine it is looked at on; then being without a network does not matter. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
