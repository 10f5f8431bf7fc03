import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Account, Invitation } from "@/api/types";
import { furnish } from "@/test/dom";
import { json, refused } from "@/test/fake-fetch";
import { openHouse } from "@/test/house";
import { ADA, faultsByAxe, field, openClipboard } from "./proof";

beforeEach(() => {
  localStorage.clear();
  furnish();
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-02-10T12:00:00Z") });
});
afterEach(() => vi.useRealTimers());

const button = (name: string | RegExp) => screen.findByRole("button", { name });

const LATER = "2999-01-05T12:00:00Z";
const BOB: Account = {
  ...ADA,
  id: "acc_bob",
  email: "bob@example.org",
  name: "Bob",
  role: "member",
  disabled: null,
};

function invitationOf(id: string, more: Partial<Invitation> = {}): Invitation {
  const rest = { used: null, revoked: null, created: "2026-01-05T12:00:00Z", expires: LATER };
  return { id, object: "invitation", role: "member", name: "", made_by: ADA.id, ...rest, ...more };
}

function openPeople(invited: Invitation[] = []) {
  let accounts: Account[] = [ADA, BOB];
  let invitations = invited;
  const house = openHouse("/settings/people", { account: ADA });
  house.server.on({
    "GET /api/accounts": () => json({ object: "list", data: accounts, next: null }),
    "PATCH /api/accounts/:id": ({ path, body }) => {
      const patch: { role?: "owner" | "member"; disabled?: boolean } = Object.assign({}, body);
      const { disabled, ...rest } = patch;
      const stamp = disabled === undefined ? {} : { disabled: disabled ? "2026-02-05T12:00:00Z" : null };
      accounts = accounts.map((one) => (path.endsWith(one.id) ? { ...one, ...rest, ...stamp } : one));
      return json(accounts.find(({ id }) => path.endsWith(id)));
    },
    "GET /api/invitations": () => json({ object: "list", data: invitations, next: null }),
    "POST /api/invitations": ({ body }) => {
      const made = invitationOf("inv_new", Object.assign({}, body));
      invitations = [made, ...invitations];
      return json({ ...made, link_token: "tok-en_" }, 201);
    },
    "DELETE /api/invitations/:id": ({ path }) => {
      const revoked = "2026-02-05T12:00:00Z";
      invitations = invitations.map((one) => (path.endsWith(one.id) ? { ...one, revoked } : one));
      return json({ id: "x", object: "invitation", deleted: true });
    },
  });
  return house;
}

test("everybody is listed; oneself is marked and cannot lock oneself out", async () => {
  openPeople();
  const row = (await screen.findByText("ada@example.org", { selector: "li *" })).closest("li");
  expect(row?.textContent).toContain("AdaYou");
  expect(row && within(row).queryByRole("button")).toBeNull();
  expect(await button("Disable the account of Bob")).toBeTruthy();
  expect(await faultsByAxe()).toEqual([]);
});

test("a role is changed as it is chosen", async () => {
  const { person, server } = openPeople();
  await person.selectOptions(await field("Role of Bob"), "Owner");
  expect(await screen.findByText("Bob is now: Owner.")).toBeTruthy();
  expect(server.asked.find(({ method }) => method === "PATCH")?.body).toEqual({ role: "owner" });
  expect((await field("Role of Bob")).value).toBe("owner");
});

test("a refused change is said, and the row shows what holds", async () => {
  const { person, server } = openPeople();
  server.on({ "PATCH /api/accounts/:id": () => refused(409, "This is the last owner.", "conflict_error") });
  await person.selectOptions(await field("Role of Bob"), "Owner");
  expect(await screen.findByText("Nothing was changed. This is the last owner.")).toBeTruthy();
  expect((await field("Role of Bob")).value).toBe("member");
});

test("an account is disabled at once, and let in again by Undo", async () => {
  const { person } = openPeople();
  await person.click(await button("Disable the account of Bob"));
  expect(await screen.findByText("Bob is signed out and cannot sign in.")).toBeTruthy();
  expect(await button("Let in again: Bob")).toBeTruthy();
  expect(screen.getByText("Disabled")).toBeTruthy();
  await person.click(await button("Undo"));
  expect(await button("Disable the account of Bob")).toBeTruthy();
  await waitFor(() => expect(screen.queryByText("Disabled")).toBeNull());
});

test("an invitation's link is shown once, with this server's address, and can be withdrawn", async () => {
  const { person, server } = openPeople();
  expect(await screen.findByText("Nobody is invited at the moment.")).toBeTruthy();
  await person.click(await button("Invite somebody"));
  const dialog = within(await screen.findByRole("dialog", { name: "Invite somebody" }));
  await person.type(dialog.getByLabelText("For whom"), "Carla");
  await person.selectOptions(dialog.getByLabelText("Works for"), "30 days");
  expect(await faultsByAxe()).toEqual([]);
  await person.click(dialog.getByRole("button", { name: "Make the link" }));
  expect((await field("Link of the invitation")).value).toBe(`${location.origin}/invitation#tok-en_`);
  expect(server.asked.find(({ method }) => method === "POST")?.body).toEqual({
    role: "member",
    name: "Carla",
    days: 30,
  });
  const copied = openClipboard();
  await person.click(await button("Copy the link"));
  await waitFor(() => expect(copied()).toContain("#tok-en_"));
  await person.click(await button(/^Withdraw the invitation of .* for Carla/));
  await person.click(within(await screen.findByRole("alertdialog")).getByRole("button", { name: "Withdraw" }));
  expect(await screen.findByText("The invitation was withdrawn.")).toBeTruthy();
  expect(screen.queryByLabelText("Link of the invitation")).toBeNull(); // a link that works no more is not left to be sent
  expect(await screen.findByText(/Withdrawn Feb 5, 2026/)).toBeTruthy();
});

test("an invitation that was used, withdrawn or has ended says so and cannot be withdrawn", async () => {
  openPeople([
    invitationOf("1", { name: "Used", used: "2026-02-05T12:00:00Z" }),
    invitationOf("2", { name: "Ended", expires: "2026-02-06T12:00:00Z" }),
    invitationOf("4", { name: "Forgotten", used: "2026-01-06T12:00:00Z" }),
    invitationOf("3", { role: "owner" }),
  ]);
  const row = async (name: string) => (await screen.findByText(name, { selector: "li p" })).closest("li")?.textContent;
  expect(await row("Used")).toContain("Used Feb 5, 2026");
  expect(await row("Ended")).toContain("Ended Feb 6, 2026");
  expect(screen.queryByText("Forgotten")).toBeNull(); // a month after its end it is in nobody's way
  expect((await screen.findByText(/works until Jan 5, 2999/)).closest("li")?.textContent).toContain("Owner");
  expect(screen.getAllByRole("button", { name: /^Withdraw/ })).toHaveLength(1);
});
