/** Ids that the page makes. In: nothing. Out: 32 hex digits, a UUID (version 4) without dashes, as the server asks for. */

/** Not `crypto.randomUUID`: browsers keep that from pages that come over plain HTTP from another machine of the house. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
