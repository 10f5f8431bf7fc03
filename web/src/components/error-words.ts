/** What an error is called in the person's language. In: its code, or the type of one without. Out: the key of its words. */
import type { Key } from "@/i18n";

/** The server's (docs/reference/errors.md), and after them those that the page itself finds. One that is not here is said in its own words. */
export const ERROR_WORDS: Readonly<Record<string, Key>> = {
  invalid_request_error: "error.invalid",
  "1500": "error.model",
  "3051": "error.tooLong",
  "3230": "error.invalid",
  "3310": "error.media",
  unsupported_parameter: "error.unsupported",
  validation_failed: "error.invalid",
  payload_too_large: "error.tooLarge",
  request_timeout: "error.slow",
  unauthorized: "error.signedOut",
  forbidden: "error.forbidden",
  csrf_failed: "error.csrf",
  not_found: "error.notFound",
  conflict: "error.conflict",
  "1300": "error.tooMany",
  "3505": "error.busy",
  engine_unavailable: "error.engine",
  engine_crashed: "error.engineCrashed",
  engine_error: "error.engineGaveUp",
  upstream_failed: "error.upstream",
  upstream_refused: "error.upstreamRefused",
  upstream_timeout: "error.upstreamTimeout",
  storage_failed: "error.storage",
  disk_full: "error.diskFull",
  server_error: "error.server",

  unreachable: "error.unreachable",
  unexplained: "error.unexplained",
  unreadable: "error.unreadable",
  no_model: "error.noModel",
  page: "error.page",
};

/** What the page itself says of these is in the person's language. */
export const OWN: ReadonlySet<string> = new Set(["unreachable", "unexplained", "unreadable", "no_model", "page"]);

/** Codes of the server that this page never shows: those of tools and methods that it does not send, and of pictures, which fail in silence. */
export const NEVER_SHOWN = ["3280", "method_not_allowed", "outside_refused", "outside_failed"] as const;
