import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ApiKey } from "@/api/types";
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

function keyOf(name: string, more: Partial<ApiKey> = {}): ApiKey {
  const rest = { last_used: null, expires: null, revoked: null };
  return {
    id: `key_${name}`,
    object: "key",
    name,
    prefix: "alz_ab",
    scopes: ["inference"],
    created: "2026-01-05T10:00:00Z",
    ...rest,
    ...more,
  };
}

/** A server that keeps keys, in pages of two. */
function openKeys(first: ApiKey[] = []) {
  let all = first;
  const house = openHouse("/settings/keys", { account: ADA });
  house.server.on({
    "GET /api/keys": ({ query }) => {
      const from = Number(query.get("after") ?? 0);
      const next = from + 2 < all.length ? String(from + 2) : null;
      return json({ object: "list", data: all.slice(from, from + 2), next });
    },
    "POST /api/keys": ({ body }) => {
      const made = keyOf("new", Object.assign({}, body));
      all = [made, ...all];
      return json({ ...made, key: "alz_the_whole_secret" }, 201);
    },
    "DELETE /api/keys/:id": ({ path }) => {
      all = all.map((one) => (path.endsWith(one.id) ? { ...one, revoked: "2026-02-05T10:00:00Z" } : one));
      return json({ id: "x", object: "key", deleted: true });
    },
  });
  return house;
}

async function makeKey({ person }: ReturnType<typeof openHouse>, name: string) {
  await person.click(await button("Make a key"));
  const dialog = within(await screen.findByRole("dialog", { name: "Make a key" }));
  if (name !== "") await person.type(dialog.getByLabelText("Name"), name);
  return dialog;
}

test("without keys the page says what they are for, and offers to make one", async () => {
  openKeys();
  expect(await screen.findByText("There are no keys yet")).toBeTruthy();
  expect(await button("Make a key")).toBeTruthy();
  expect(await faultsByAxe()).toEqual([]);
});

test("a key is made with its name, and its secret is shown once, in the snippet too, until it is put away", async () => {
  const house = openKeys();
  const dialog = await makeKey(house, "Backup script");
  await house.person.click(dialog.getByRole("button", { name: "Make a key" }));
  const heading = await screen.findByRole("heading", { name: "Your key “Backup script”" });
  expect((await field("Secret of the key")).value).toBe("alz_the_whole_secret");
  expect(screen.getByRole("tabpanel").textContent).toContain('api_key="alz_the_whole_secret"');
  await waitFor(() => expect(document.activeElement).toBe(heading));
  expect(await faultsByAxe()).toEqual([]);
  await house.person.keyboard("{Escape}");
  expect(screen.queryByLabelText("Secret of the key")).not.toBeNull();
  const copied = openClipboard();
  await house.person.click(await button("Copy the key"));
  await waitFor(() => expect(copied()).toBe("alz_the_whole_secret"));
  await house.person.click(await button("I have kept it"));
  expect(document.body.textContent).not.toContain("alz_the_whole_secret");
  expect(await screen.findByText("Backup script")).toBeTruthy();
  const post = house.server.asked.find(({ method, path }) => method === "POST" && path === "/api/keys");
  expect(post?.body).toEqual({ name: "Backup script", scopes: ["inference"], expires: null });
});

test("scopes and an end are sent as they were chosen", async () => {
  const house = openKeys();
  const dialog = await makeKey(house, "x");
  await house.person.click(dialog.getByLabelText("Manage"));
  await house.person.selectOptions(dialog.getByLabelText("Ends"), "In 30 days");
  const before = Date.now();
  await house.person.click(dialog.getByRole("button", { name: "Make a key" }));
  await screen.findByLabelText("Secret of the key");
  const post = house.server.asked.find(({ method }) => method === "POST");
  expect(post?.body).toMatchObject({ scopes: ["inference", "admin"] });
  const [end = ""] = /\d{4}-[^"]+Z/.exec(JSON.stringify(post?.body)) ?? [];
  const days = (Date.parse(end) - before) / 86_400_000;
  expect(Math.round(days * 1000)).toBe(30_000);
});

test("what is wrong with a key is said beside each field before it is sent", async () => {
  const house = openKeys();
  const dialog = await makeKey(house, "");
  await house.person.click(dialog.getByLabelText("Call models"));
  await house.person.selectOptions(dialog.getByLabelText("Ends"), "On a day that I choose");
  await house.person.type(dialog.getByLabelText("Last day"), "2001-01-01");
  await house.person.click(dialog.getByRole("button", { name: "Make a key" }));
  for (const text of [/Write what the key is for/, /Choose at least one/, /Choose a day from today on/])
    expect(dialog.getByText(text)).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(dialog.getByLabelText("Name")));
  expect(await faultsByAxe()).toEqual([]);
  expect(house.server.asked.some(({ method }) => method === "POST")).toBe(false);
});

test("a name that the server keeps for itself is said beside it, in the dialog that stays", async () => {
  const house = openKeys();
  house.server.on({ "POST /api/keys": () => refused(400, "The name 'admin' is kept.", "invalid", { param: "name" }) });
  const dialog = await makeKey(house, "admin");
  await house.person.keyboard("{Enter}");
  expect(await dialog.findByText("This value is not taken: The name 'admin' is kept.")).toBeTruthy();
  expect(dialog.getByLabelText<HTMLInputElement>("Name").value).toBe("admin");
});

test("older keys come page by page, and each says what it may do and how long", async () => {
  const { person } = openKeys([
    keyOf("one", {
      scopes: ["inference", "admin"],
      last_used: "2026-01-06T10:00:00Z",
      expires: "2999-01-05T12:00:00Z",
    }),
    keyOf("two", { revoked: "2026-02-05T12:00:00Z" }),
    keyOf("three", { expires: "2026-02-06T12:00:00Z" }),
    keyOf("long gone", { expires: "2026-01-06T12:00:00Z" }),
    keyOf("long revoked", { revoked: "2026-01-06T12:00:00Z", expires: "2999-01-05T12:00:00Z" }),
  ]);
  const row = async (name: string) => (await screen.findByText(name)).closest("li")?.textContent;
  expect(await row("one")).toContain(
    "Call models, manage · Made Jan 5, 2026 · last used Jan 6, 2026 · ends Jan 5, 2999",
  );
  expect(await row("two")).toContain("Revoked Feb 5, 2026");
  expect(screen.queryByText("three")).toBeNull();
  await person.click(await button("Show more keys"));
  expect(await row("three")).toContain("Ended Feb 6, 2026");
  await person.click(await button("Show more keys"));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Show more keys" })).toBeNull());
  expect(screen.queryByText(/^long/)).toBeNull(); // a month after its end it is in nobody's way
  expect(screen.getAllByRole("button", { name: /^Revoke the key/ })).toHaveLength(1);
  expect(await faultsByAxe()).toEqual([]);
});

test("revoking asks, and the key stays in the list as revoked", async () => {
  const { person, server } = openKeys([keyOf("one")]);
  await person.click(await button("Revoke the key “one”"));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Revoke “one”?" }));
  await person.click(dialog.getByRole("button", { name: "Cancel" }));
  expect(server.asked.some(({ method }) => method === "DELETE")).toBe(false);
  await person.click(await button("Revoke the key “one”"));
  await person.click(within(await screen.findByRole("alertdialog")).getByRole("button", { name: "Revoke" }));
  expect(await screen.findByText("The key “one” was revoked.")).toBeTruthy();
  expect((await screen.findByText("one")).closest("li")?.textContent).toContain("Revoked Feb 5, 2026");
});

test("a key that could not be revoked: the dialog stays and says why", async () => {
  const { person, server } = openKeys([keyOf("one")]);
  server.on({ "DELETE /api/keys/:id": () => refused(500, "The disk is full.", "server_error") });
  await person.click(await button("Revoke the key “one”"));
  const dialog = within(await screen.findByRole("alertdialog"));
  await person.click(dialog.getByRole("button", { name: "Revoke" }));
  expect((await dialog.findByText("The server failed: The disk is full.")).closest("[role=alert]")).toBeTruthy();
});

test("the snippet has this server's address and its first model, in three languages, and is copied as shown", async () => {
  const { person } = openKeys();
  const shown = async () => (await screen.findByRole("tabpanel")).textContent;
  await waitFor(async () => expect(await shown()).toContain('model="small"'));
  expect(await shown()).toContain(`server_url="${location.origin}"`);
  await person.click(screen.getByRole("tab", { name: "TypeScript" }));
  expect(await shown()).toContain("@mistralai/mistralai");
  await person.click(screen.getByRole("tab", { name: "curl" }));
  expect(await shown()).toContain(`curl '${location.origin}/v1/chat/completions'`);
  const copied = openClipboard();
  await person.click(await button("Copy the snippet"));
  await waitFor(async () => expect(copied()).toBe(await shown()));
});

test("a member is told whom to ask, sees how a key is used, and asks the server for none", async () => {
  const { server } = openHouse("/settings/keys", { account: { ...ADA, role: "member" } });
  expect(await screen.findByText("Keys are made by owners")).toBeTruthy();
  expect(await screen.findByRole("tabpanel")).toBeTruthy();
  expect(server.asked.some(({ path }) => path === "/api/keys")).toBe(false);
});
