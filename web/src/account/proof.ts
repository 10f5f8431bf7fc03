/** What tests of these pages share. In: the page. Out: what axe finds in it, a session as the server answers one. */
import { screen } from "@testing-library/react";
import axe from "axe-core";
import { vi } from "vitest";
import type { Account, Session } from "@/api/types";
import type { HouseState } from "@/test/house";

export const ADA: Account = {
  id: "acc_ada",
  object: "account",
  email: "ada@example.org",
  name: "Ada",
  role: "owner",
  language: "",
  theme: "",
  created: "2026-01-05T12:00:00Z",
  disabled: null,
};

/** Nobody is signed in. */
export const NOBODY: Partial<Session> = { signed_in: false, account: null, csrf: "" };

/** The server lets somebody in: from now on its session says so. */
export function letIn(state: HouseState, account: Account = ADA): void {
  state.account = account;
  state.session = {};
}

/** Colours are left out: there is no layout here. */
export async function faultsByAxe(): Promise<string[]> {
  const rules = { "color-contrast": { enabled: false } };
  const { violations } = await axe.run(document.body, { rules });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** A browser's clipboard, in place of the one that user-event brings, which has no ClipboardItem. Out: what was copied last. */
export function openClipboard(): () => string {
  let text = "";
  const writeText = async (copied: string) => {
    text = copied;
  };
  vi.stubGlobal("ClipboardItem", class {});
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText } });
  return () => text;
}

export const field = (name: string | RegExp) => screen.findByLabelText<HTMLInputElement>(name);
