/** Which addresses may become links. In: an address as a model wrote it. Out: one that is safe to follow and whose host is plain, or null. */
import { hasHidden } from "./hidden";
import { MAX_ADDRESS } from "./limits";

export interface Target {
  href: string;
  /** The host as the browser will ask for it (punycode where it is not ASCII); for mail, the address. */
  host: string;
}

/**
 * http, https and mailto, written plainly. Refused: every other scheme, relative addresses, spaces and controls (which a
 * browser would strip: "java\nscript:"), backslashes (which it would turn), user names in front of the host (which look
 * like one), characters that cannot be seen.
 *
 * linkTarget("https://Example.org/a") → { href: "https://example.org/a", host: "example.org" }
 */
export function linkTarget(address: string): Target | null {
  if (address.length > MAX_ADDRESS || /[\s\\]/.test(address) || hasHidden(address)) return null;
  if (/^mailto:/i.test(address)) return mailTarget(address.slice(7));
  if (!/^https?:\/\/[^/]/i.test(address)) return null;
  const url = URL.parse(address);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  if (url.username || url.password || !url.host) return null;
  return { href: url.href, host: url.host };
}

/** Headers (?bcc=, ?attach=) are dropped: who reads the link cannot see them. */
function mailTarget(rest: string): Target | null {
  const to = rest.split("?")[0] ?? "";
  if (!/^[\p{L}\p{N}.!#$&'*+/=^_{|}~-]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*$/u.test(to)) return null;
  return { href: `mailto:${to}`, host: to };
}

/** Pictures come from the web only. */
export function imageTarget(address: string): Target | null {
  const target = linkTarget(address);
  return target?.href.startsWith("http") ? target : null;
}

/**
 * Whether a link's text names another host than the one it leads to, so that the real one must stand beside it.
 *
 * namesOther("bank.example", "evil.example") → true; namesOther("www.evil.example/a", "evil.example") → false
 */
export function namesOther(text: string, host: string): boolean {
  const named = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}_-]+\.)+\p{L}{2,})(?=[\s/:?#]|$)/iu.exec(text)?.[1];
  if (!named) return false;
  const bare = (name: string): string => name.toLowerCase().replace(/^www\./, "");
  return bare(named) !== bare(host.replace(/:\d+$/, ""));
}
