/** What can go wrong between page and server. In: an answer that is no success, or none. Out: one typed failure. */
import type { ApiError } from "./types";

/** A complaint about one field, from a 422. `field` is its path: "password", "attachments.0.text". */
export interface FieldFault {
  field: string;
  message: string;
  /** As pydantic calls what is wrong: "string_too_long". */
  kind?: string;
  /** What it must not pass: { max_length: 100 }. */
  limits?: Record<string, unknown>;
  reason?: Reason | null;
}

/** What an error says, without a language (src/alize/reasons.py). */
export interface Reason {
  name: string;
  values: NonNullable<ApiError["values"]>;
}

/** Of whatever carries one: an error's body, an event. */
export function reasonOf({ reason, values }: Pick<ApiError, "reason" | "values">): Reason | null {
  if (typeof reason !== "string") return null;
  return {
    name: reason,
    values: Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => isValue(value))),
  };
}

/** What a server of another version may say besides, nobody has words for. */
function isValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((one) => typeof one === "string");
  return typeof value === "string" || typeof value === "number";
}

export class ApiFailure extends Error {
  override readonly name = "ApiFailure";

  constructor(
    message: string,
    /** 0: the server was not reached. */
    readonly status: number,
    readonly type: string,
    readonly code: string | null = null,
    readonly param: string | null = null,
    /** Seconds to wait before trying again, where the server said so. */
    readonly retryAfter: number | null = null,
    readonly fields: readonly FieldFault[] = [],
    readonly reason: Reason | null = null,
  ) {
    super(message);
  }

  /** Whether the same call may succeed later with nothing changed. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export function unreachable(cause: unknown): ApiFailure {
  const failure = new ApiFailure("The server was not reached.", 0, "unreachable");
  failure.cause = cause;
  return failure;
}

/** The failure that an answer with an error status says; also where a proxy in between answered with a page of its own. */
export async function failureOf(response: Response): Promise<ApiFailure> {
  const body: unknown = await response.json().catch(() => null);
  return said(body, response.status, secondsOf(response.headers.get("Retry-After")));
}

/** The failure that an event of a stream says, whose head had gone out with status 200 by then. */
export function failureIn(data: string): ApiFailure {
  const body = parsed(data);
  return said(body, isApiError(body) ? body.raw_status_code : 500, null);
}

function said(body: unknown, status: number, wait: number | null): ApiFailure {
  if (!isApiError(body)) {
    return new ApiFailure(`HTTP ${status}`, status, "unexplained", null, null, wait);
  }
  const fields = "detail" in body ? faultsOf(body.detail) : [];
  const reason = reasonOf(body);
  if (fields.length === 0 && body.param) fields.push({ field: body.param, message: body.message, reason });
  return new ApiFailure(body.message, status, body.type, body.code, body.param, wait, fields, reason);
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function isApiError(body: unknown): body is ApiError {
  return (
    typeof body === "object" &&
    body !== null &&
    "message" in body &&
    typeof body.message === "string" &&
    "type" in body &&
    typeof body.type === "string"
  );
}

/** The public `detail` list: {loc: ["body", "password"], msg}. */
function faultsOf(detail: unknown): FieldFault[] {
  if (!Array.isArray(detail)) return [];
  return detail.flatMap((one: unknown) => {
    if (typeof one !== "object" || one === null || !("loc" in one) || !("msg" in one)) return [];
    if (!Array.isArray(one.loc) || typeof one.msg !== "string") return [];
    const path = one.loc[0] === "body" ? one.loc.slice(1) : one.loc;
    const kind = "type" in one && typeof one.type === "string" ? one.type : "";
    const limits = "ctx" in one && typeof one.ctx === "object" && one.ctx !== null ? { ...one.ctx } : {};
    return [{ field: path.join("."), message: one.msg, kind, limits }];
  });
}

/** Retry-After: seconds, or a date. */
export function secondsOf(header: string | null, now: number = Date.now()): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}
