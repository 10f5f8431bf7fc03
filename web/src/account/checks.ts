/** What a person typed about themselves. In: a field's text. Out: the key of what is wrong with it, or null. The server checks again. */
import type { Key } from "@/i18n";

export const SHORTEST = 8; // characters of a password
export const LONGEST = 256;
export const LONGEST_EMAIL = 254;
export const LONGEST_NAME = 100;

/** Loose on purpose: a wrong refusal here could not be argued with, and the server says the rest. */
export function emailFault(text: string): Key | null {
  const email = text.trim();
  if (email === "") return "account.fault_email_missing";
  return /^[^\s@]+@[^\s@]+$/.test(email) && lengthOf(email) <= LONGEST_EMAIL ? null : "account.fault_email";
}

export function nameFault(text: string): Key | null {
  if (text.trim() === "") return "account.fault_name_missing";
  return lengthOf(text.trim().normalize("NFC")) <= LONGEST_NAME ? null : "account.fault_name_long";
}

/** A password that is there already: whether it is right, only the server knows. */
export function passwordFault(text: string): Key | null {
  return text === "" ? "account.fault_password_missing" : null;
}

/** Counted as the server counts: characters, after NFKC, which makes one of some that were typed as two. */
export function newPasswordFault(text: string): Key | null {
  if (text === "") return "account.fault_password_missing";
  const length = lengthOf(text.normalize("NFKC"));
  if (length < SHORTEST) return "account.fault_password_short";
  return length > LONGEST ? "account.fault_password_long" : null;
}

export const LIMITS = { least: SHORTEST, most: LONGEST, name: LONGEST_NAME };

function lengthOf(text: string): number {
  return Array.from(text).length;
}
