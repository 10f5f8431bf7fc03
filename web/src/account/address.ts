/** Addresses for other programs and people. In: this page's place. Out: whole addresses, the server's prefix in them. */
import { under } from "@/api/base";

/** "https://house.example/alize": without a slash at its end. */
export function houseAddress(): string {
  return new URL(under("/"), location.origin).href.replace(/\/$/, "");
}

/** The token stands behind the #, which browsers send to nobody. */
export function invitationLink(token: string): string {
  return `${houseAddress()}/invitation#${token}`;
}
