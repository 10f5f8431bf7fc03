/** Which pictures the server would fetch. In: what it says of other hosts, and a picture's address. Out: where it is asked for, or why not. */
import type { Session } from "@/api/types";
import type { LinkPolicy } from "./policy";

/**
 * What `address` gives for a picture's own address is on this server. The server decides again, and also by what a name resolves to.
 * `asked` hears of the hosts of pictures that were asked for.
 */
export function outsidePolicy(
  outside: Session["outside"],
  address: (url: string) => string,
  asked: (host: string) => void,
): LinkPolicy {
  return {
    image(url) {
      const { hostname, port } = new URL(url);
      if (outside.offline) return { refused: "offline" };
      if (!isAllowed(hostname, outside.hosts)) return { refused: "host" };
      if (port !== "" && port !== "80" && port !== "443") return { refused: "port" };
      return { source: address(url) };
    },
    asked: (url) => asked(new URL(url).hostname),
  };
}

/**
 * As the server reads its setting `outside_hosts`.
 *
 * isAllowed("upload.example.org", ["*.example.org"]) → true; isAllowed("example.org", ["*.example.org"]) → false
 */
export function isAllowed(host: string, patterns: readonly string[]): boolean {
  return patterns.some((written) => {
    const pattern = written.toLowerCase();
    return pattern === "*" || (pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern);
  });
}
