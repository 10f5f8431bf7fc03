import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { SignedIn } from "@/api/types";
import { furnish } from "@/test/dom";
import { json, refused } from "@/test/fake-fetch";
import { openHouse } from "@/test/house";
import { ADA, faultsByAxe, field } from "./proof";

beforeEach(() => {
  localStorage.clear();
  furnish();
});

const settings = () => screen.findByRole("navigation", { name: "Settings" });
const button = (name: string | RegExp) => screen.findByRole("button", { name });

test("each section has an address, a link, and its name in the tab", async () => {
  const { person } = openHouse("/settings/", { account: ADA });
  const links = within(await settings()).getAllByRole("link");
  expect(links.map(({ textContent }) => textContent)).toEqual([
    "Profile",
    "Password",
    "Sessions",
    "API keys",
    "Models",
    "People",
  ]);
  expect(links[0]?.getAttribute("aria-current")).toBe("page");
  await person.click(within(await settings()).getByRole("link", { name: "Password" }));
  await waitFor(() => expect(location.pathname).toBe("/settings/password"));
  expect(await screen.findByRole("heading", { name: "Password" })).toBeTruthy();
  expect(document.title).toBe("Password · Alizé");
  const current = within(await settings()).getAllByRole("link", { current: "page" });
  expect(current.map(({ textContent }) => textContent)).toEqual(["Password"]);
});

test("a member has no people to manage, and is told so at their address", async () => {
  openHouse("/settings/people", { account: { ...ADA, role: "member" } });
  expect(await screen.findByText("Only owners manage people")).toBeTruthy();
  expect(within(await settings()).queryByRole("link", { name: "People" })).toBeNull();
  expect(await faultsByAxe()).toEqual([]);
});

test("a house without accounts has a look and keys, and says what the rest needs", async () => {
  const { server } = openHouse("/settings/password", { session: { no_auth: true, account: null } });
  expect(await screen.findByText("This server runs without accounts")).toBeTruthy();
  const links = within(await settings()).getAllByRole("link");
  expect(links.map(({ textContent }) => textContent)).toEqual(["Profile", "API keys", "Models"]);
  expect(server.asked.some(({ path }) => /sessions|accounts|invitations/.test(path))).toBe(false);
});

test("settings that do not exist are said to be none", async () => {
  openHouse("/settings/nowhere");
  expect(await screen.findByText("There are no such settings")).toBeTruthy();
});

test("a name is kept, shown in the rail at once, and an empty one is refused here", async () => {
  const { person, state } = openHouse("/settings/", { account: { ...ADA } });
  const name = await field("Name");
  expect(name.value).toBe("Ada");
  await person.clear(name);
  await person.keyboard("{Enter}");
  expect(await screen.findByText("Write a name.")).toBeTruthy();
  await person.type(name, " Ada Lovelace {Enter}");
  expect(await screen.findByText("Your name is now Ada Lovelace.")).toBeTruthy();
  expect(await button(/Ada Lovelace/)).toBeTruthy();
  expect(state.account.name).toBe("Ada Lovelace");
  expect(await faultsByAxe()).toEqual([]);
});

test("a name that the server refuses is said beside it, and stays as it was typed", async () => {
  const { person, server } = openHouse("/settings/", { account: { ...ADA } });
  server.on({ "PATCH /api/account": () => refused(400, "It cannot be seen.", "invalid", { param: "name" }) });
  const name = await field("Name");
  await person.type(name, "x{Enter}");
  expect(await screen.findByText("This value is not taken: It cannot be seen.")).toBeTruthy();
  expect(name.value).toBe("Adax");
  await waitFor(() => expect(document.activeElement).toBe(name));
});

test("language and theme are kept as they are chosen", async () => {
  const { person, state } = openHouse("/settings/", { account: { ...ADA } });
  await person.selectOptions(await field("Theme"), "Dark");
  await person.selectOptions(await field("Language"), "Français");
  expect(await screen.findByRole("heading", { name: "Profil" })).toBeTruthy();
  await waitFor(() => expect(state.account).toMatchObject({ theme: "dark", language: "fr" }));
});

test("a password is changed with the old one, and the form is empty after it", async () => {
  const { person, server } = openHouse("/settings/password", { account: ADA });
  server.on({ "POST /api/account/password": () => new Response(null, { status: 204 }) });
  expect([(await field("Current password")).autocomplete, (await field("New password")).autocomplete]).toEqual([
    "current-password",
    "new-password",
  ]);
  await person.type(await field("Current password"), "old one");
  await person.type(await field("New password"), "a much longer one{Enter}");
  expect(await screen.findByText("The password was changed. You are signed out everywhere else.")).toBeTruthy();
  expect(server.asked.find(({ path }) => path.endsWith("/password"))?.body).toEqual({
    old: "old one",
    new: "a much longer one",
  });
  expect([(await field("Current password")).value, (await field("New password")).value]).toEqual(["", ""]);
  expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Password" }));
  expect(await faultsByAxe()).toEqual([]);
});

test("a wrong old password is said beside it, and the new one is still there", async () => {
  const { person, server } = openHouse("/settings/password", { account: ADA });
  server.on({ "POST /api/account/password": () => refused(403, "Wrong.", "permission_error", { param: "old" }) });
  await person.type(await field("Current password"), "guess");
  await person.type(await field("New password"), "a much longer one{Enter}");
  expect(await screen.findByText("This is not your current password.")).toBeTruthy();
  await waitFor(async () => expect(document.activeElement).toBe(await field("Current password")));
  expect((await field("New password")).value).toBe("a much longer one");
});

function signedIn(id: string, more: Partial<SignedIn> = {}): SignedIn {
  const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
  const moment = "2026-01-05T10:00:00Z";
  const moments = { created: moment, last_seen: moment, expires: "2026-02-04T10:00:00Z" };
  return {
    id,
    object: "browser_session",
    user_agent: agent,
    address: "192.0.2.7",
    ...moments,
    current: false,
    ...more,
  };
}

function openSessions() {
  let sessions = [
    signedIn("phone", { user_agent: "curl/8.14.1" }),
    signedIn("this", { current: true }),
    signedIn("old"),
  ];
  const house = openHouse("/settings/sessions", { account: ADA });
  house.server.on({
    "GET /api/sessions": () => json({ object: "list", data: sessions, next: null }),
    "DELETE /api/sessions/:id": ({ path }) => {
      sessions = sessions.filter(({ id }) => !path.endsWith(id));
      return new Response(null, { status: 204 });
    },
    "DELETE /api/sessions": () => {
      const ended = sessions.filter(({ current }) => !current).length;
      sessions = sessions.filter(({ current }) => current);
      return json({ ended });
    },
  });
  return house;
}

const rows = async () => within(await screen.findByRole("main")).findAllByRole("listitem");
const sessionRows = async () => (await rows()).filter((row) => within(row).queryByRole("link") === null);

test("sessions are listed, this one first and marked, and it cannot be ended here", async () => {
  openSessions();
  await screen.findByText("This browser");
  const [first, second] = await sessionRows();
  expect(first?.textContent).toContain("Firefox on LinuxThis browser");
  expect(first && within(first).queryByRole("button")).toBeNull();
  expect(second?.textContent).toContain("curl");
  expect(await faultsByAxe()).toEqual([]);
});

test("one session is ended, said, and gone; focus stays in the section", async () => {
  const { person } = openSessions();
  await person.click(await button(/^End the session of curl/));
  expect(await screen.findByText("The session of curl was ended.")).toBeTruthy();
  await waitFor(async () => expect(await sessionRows()).toHaveLength(2));
  expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Sessions" }));
});

test("a session that could not be ended stays, with the reason", async () => {
  const { person, server } = openSessions();
  server.on({ "DELETE /api/sessions/:id": () => refused(500, "The disk is full.", "server_error") });
  await person.click(await button(/^End the session of curl/));
  expect(await screen.findByText("The session was not ended. The server failed: The disk is full.")).toBeTruthy();
  expect(await sessionRows()).toHaveLength(3);
});

test("all others are ended after a question, and their number is said", async () => {
  const { person } = openSessions();
  await person.click(await button("End all others"));
  const dialog = await screen.findByRole("alertdialog", { name: "End all other sessions?" });
  await person.click(within(dialog).getByRole("button", { name: "End all others" }));
  expect(await screen.findByText("2 other sessions were ended.")).toBeTruthy();
  expect(await screen.findByText("You are signed in nowhere else.")).toBeTruthy();
  expect(await sessionRows()).toHaveLength(1);
});

test("a list that cannot be had says why, and is tried again", async () => {
  const { person, server } = openHouse("/settings/sessions", { account: ADA });
  server.on({ "GET /api/sessions": () => refused(400, "The database is being restored.") });
  expect(await screen.findByText(/The database is being restored\.$/)).toBeTruthy();
  server.on({
    "GET /api/sessions": () => json({ object: "list", data: [signedIn("this", { current: true })], next: null }),
  });
  await person.click(await button("Try again"));
  expect(await screen.findByText("This browser")).toBeTruthy();
});
