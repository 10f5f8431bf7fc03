/** What the account's pages ask the server to do. In: what was typed. Out: what stands then; secrets only where they are made. */
import { server } from "@/api/client";
import type { Account, ApiKey, MadeInvitation, MadeKey, Moment, Offer, Resident, Session } from "@/api/types";

export type Role = Account["role"];
export type Scope = ApiKey["scopes"][number];

export interface NewAccount {
  email: string;
  name: string;
  password: string;
}

export function signIn(email: string, password: string): Promise<Session> {
  return server.call("POST /api/session", { body: { email, password } });
}

/** `token`: what the server printed when it started; null where it asks for none. */
export function setUp(account: NewAccount, token: string | null): Promise<Session> {
  return server.call("POST /api/setup", { body: token === null ? account : { ...account, token } });
}

export function lookAtInvitation(token: string, signal: AbortSignal): Promise<Offer> {
  return server.call("POST /api/invitations/look", { body: { token }, signal });
}

export function acceptInvitation(token: string, account: NewAccount): Promise<Session> {
  return server.call("POST /api/invitations/accept", { body: { token, ...account } });
}

export function rename(name: string): Promise<Account> {
  return server.call("PATCH /api/account", { body: { name } });
}

/** All other sessions end. */
export async function changePassword(old: string, next: string): Promise<void> {
  await server.call("POST /api/account/password", { body: { old, new: next } });
}

export async function endSession(id: string): Promise<void> {
  await server.call("DELETE /api/sessions/{session_id}", { path: { session_id: id } });
}

export function endOtherSessions(): Promise<{ ended: number }> {
  return server.call("DELETE /api/sessions");
}

export function makeKey(name: string, scopes: Scope[], expires: Moment | null): Promise<MadeKey> {
  return server.call("POST /api/keys", { body: { name, scopes, expires } });
}

export async function revokeKey(id: string): Promise<void> {
  await server.call("DELETE /api/keys/{key_id}", { path: { key_id: id } });
}

export function changeAccount(id: string, patch: { role?: Role; disabled?: boolean }): Promise<Account> {
  return server.call("PATCH /api/accounts/{account_id}", { path: { account_id: id }, body: patch });
}

/** `what` has begun when this is answered; the list says when it is done. */
export function changeModel(id: string, what: "load" | "sleep" | "pin" | "unpin"): Promise<Resident> {
  const path = { model_id: id };
  switch (what) {
    case "load":
      return server.call("POST /api/models/{model_id}/load", { path });
    case "sleep":
      return server.call("POST /api/models/{model_id}/sleep", { path });
    case "pin":
      return server.call("POST /api/models/{model_id}/pin", { path });
    case "unpin":
      return server.call("POST /api/models/{model_id}/unpin", { path });
  }
}

export function invite(role: Role, name: string, days: number): Promise<MadeInvitation> {
  return server.call("POST /api/invitations", { body: { role, name, days } });
}

export async function withdrawInvitation(id: string): Promise<void> {
  await server.call("DELETE /api/invitations/{invitation_id}", { path: { invitation_id: id } });
}
