import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { furnish } from "@/test/dom";
import { json, refused } from "@/test/fake-fetch";
import { ALIX, openHouse, sessionOf, summary } from "@/test/house";

const rail = () => screen.findByRole("navigation", { name: "Conversations" });
const row = async (name: string) => within(await rail()).findByRole("link", { name });

beforeEach(() => {
  localStorage.clear();
  furnish();
  document.documentElement.removeAttribute("data-theme");
});

afterEach(() => {
  vi.useRealTimers();
});

test("who has no session signs in first, and comes back to where they wanted to go", async () => {
  openHouse("/c/00000000000000000000000000000001?x=1", { session: { signed_in: false, account: null } });
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  expect(new URLSearchParams(location.search).get("next")).toBe("/c/00000000000000000000000000000001?x=1");
});

test("the first visit of all makes the first account", async () => {
  openHouse("/", { session: { signed_in: false, setup: true, account: null } });
  await waitFor(() => expect(location.pathname).toBe("/setup"));
});

test("conversations stand under their day, the pinned ones first, the open one marked", async () => {
  vi.setSystemTime(new Date(2026, 2, 14, 12)); // what was said a minute ago was said today at noon, not at midnight
  const pinned = summary(9, { title: "Kept", pinned: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z" });
  openHouse(`/c/${summary(1).id}`, { conversations: [summary(1), summary(2, { running: true }), pinned] });
  expect(await row("Conversation 1")).toHaveProperty("ariaCurrent", "page");
  const headings = within(await rail()).getAllByRole("heading");
  expect(headings.map(({ textContent }) => textContent)).toEqual(["Pinned", "Today"]);
  const running = await within(await rail()).findByRole("link", { name: /Conversation 2/ });
  expect(running.textContent).toBe("Conversation 2 answering");
});

test("arrow keys walk the list, which Tab enters once", async () => {
  const { person } = openHouse("/", { conversations: [summary(1), summary(2), summary(3)] });
  (await row("Conversation 1")).focus();
  await person.keyboard("{ArrowDown}{ArrowDown}");
  await waitFor(async () => expect(document.activeElement).toBe(await row("Conversation 3")));
  await person.keyboard("{Home}");
  await waitFor(async () => expect(document.activeElement).toBe(await row("Conversation 1")));
  const stops = within(await rail())
    .getAllByRole("link", { name: /Conversation/ })
    .filter(({ tabIndex }) => tabIndex === 0);
  expect(stops).toHaveLength(1);
});

test("a name is changed in place, shown at once, and sent", async () => {
  const { person, state } = openHouse("/", { conversations: [summary(1)] });
  (await row("Conversation 1")).focus();
  await person.keyboard("{F2}");
  const field = await screen.findByRole("textbox", { name: "Name of the conversation" });
  await person.clear(field);
  await person.type(field, "Heat{Enter}");
  await waitFor(async () => expect(document.activeElement).toBe(await row("Heat")));
  await waitFor(() => expect(state.conversations[0]?.title).toBe("Heat"));
});

test("a name that the server refuses is taken back, with the server's reason", async () => {
  const { person, server } = openHouse("/", { conversations: [summary(1)] });
  server.on({ "PATCH /api/conversations/:id": () => refused(400, "That name is taken. Choose another.") });
  (await row("Conversation 1")).focus();
  await person.keyboard("{F2}x{Enter}");
  expect(
    await screen.findByText(
      /^The name was not changed\. The server does not take this request: That name is taken\. Choose another\.$/,
    ),
  ).toBeTruthy();
  expect(await row("Conversation 1")).toBeTruthy();
});

test.each([
  ["the head of a conversation", `/c/${summary(1).id}`, null],
  ["the archive", "/archived", "2026-01-05T12:00:00Z"],
])("a name changed in %s gives the keyboard back to the menu it was changed by", async (_, path, archived) => {
  const { person } = openHouse(path, { conversations: [summary(1, { archived })] });
  // The row of the list has a menu, too, which may be there before that of the head.
  const menu = () => screen.findByRole("button", { name: archived === null ? "This conversation" : /^Actions for/ });
  for (const key of ["x{Enter}", "y{Escape}"]) {
    await person.click(await menu());
    await person.click(await screen.findByRole("menuitem", { name: /Rename/ }));
    await screen.findByRole("textbox", { name: "Name of the conversation" });
    await person.keyboard(key);
    await waitFor(async () => expect(document.activeElement).toBe(await menu()));
  }
});

test("Escape leaves the name as it was", async () => {
  const { person, server } = openHouse("/", { conversations: [summary(1)] });
  (await row("Conversation 1")).focus();
  await person.keyboard("{F2}other{Escape}");
  expect(await row("Conversation 1")).toBeTruthy();
  expect(server.asked.filter(({ method }) => method === "PATCH")).toHaveLength(0);
});

test("a deleted conversation is gone at once and back after Undo, open as it was", async () => {
  const { person, state } = openHouse(`/c/${summary(1).id}`, { conversations: [summary(1), summary(2)] });
  (await row("Conversation 1")).focus();
  await person.keyboard("{Delete}");
  await waitFor(() => expect(screen.queryByRole("link", { name: "Conversation 1" })).toBeNull());
  await waitFor(() => expect(location.pathname).toBe("/"));
  await waitFor(() => expect(state.deleted).toHaveLength(1));
  await person.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await row("Conversation 1")).toBeTruthy();
  await waitFor(() => expect(location.pathname).toBe(`/c/${summary(1).id}`));
});

test("one that could not be deleted stands where it was", async () => {
  const { person, server } = openHouse("/", { conversations: [summary(1)] });
  server.on({ "DELETE /api/conversations/:id": () => refused(500, "The disk is full.", "server_error") });
  (await row("Conversation 1")).focus();
  await person.keyboard("{Delete}");
  expect(await screen.findByText("The conversation was kept. The server failed: The disk is full.")).toBeTruthy();
  expect(await row("Conversation 1")).toBeTruthy();
});

test("an archived conversation leaves the list, and is found on its own page", async () => {
  const { person } = openHouse(`/c/${summary(1).id}`, { conversations: [summary(1), summary(2)] });
  await row("Conversation 1");
  await person.click(await screen.findByRole("button", { name: "This conversation" }));
  await person.click(await screen.findByRole("menuitem", { name: "Archive" }));
  await waitFor(() =>
    expect(within(screen.getByRole("navigation")).queryByRole("link", { name: "Conversation 1" })).toBeNull(),
  );
  await person.click(screen.getByRole("button", { name: /Alix/ }));
  await person.click(await screen.findByRole("menuitem", { name: "Archived chats" }));
  await screen.findByRole("heading", { name: "Archived chats" });
  expect(await within(screen.getByRole("main")).findByRole("link", { name: "Conversation 1" })).toBeTruthy();
});

test("another tab's new conversation appears without being asked for", async () => {
  const { state } = openHouse("/", { conversations: [summary(2)] });
  await row("Conversation 2");
  await waitFor(() => expect(state.changes).toHaveLength(1));
  state.conversations.push(summary(1));
  state.changes[0]?.send(`data: ${JSON.stringify({ type: "conversation.changed", id: summary(1).id })}\n\n`);
  expect(await row("Conversation 1")).toBeTruthy();
});

test("the palette finds text, marks it, and leads to the message", async () => {
  const hit = {
    conversation: summary(1).id,
    title: "Letter",
    message: "f".repeat(32),
    archived: false,
    excerpt: "about heat",
  };
  const { person } = openHouse("/", {
    conversations: [summary(1)],
    hits: [{ ...hit, marks: [[6, 10]], created: summary(1).created }],
  });
  await row("Conversation 1");
  await person.keyboard("{Control>}k{/Control}");
  const field = await screen.findByRole("combobox");
  await person.type(field, "heat");
  const [option] = await screen.findAllByRole("option", { name: /^Letter/ });
  if (!option) throw new Error("no option");
  expect(option.textContent).toBe("Letterabout heat");
  expect(within(option).getByText("heat").tagName).toBe("MARK");
  await waitFor(() => expect(field.getAttribute("aria-activedescendant")).toBe(option.id));
  await person.keyboard("{Enter}");
  await waitFor(() => expect(location.pathname).toBe(`/c/${summary(1).id}`));
  expect(location.hash).toBe(`#${"f".repeat(32)}`);
});

test("each model says its context, its licence and where it runs, and the head says it of the chosen one", async () => {
  const { person } = openHouse("/");
  await person.click(await screen.findByRole("button", { name: /Small/ }));
  const [small, large] = await screen.findAllByRole("menuitemradio");
  expect(small?.textContent).toBe("Small8,192 tokens of context · Apache-2.0Runs on this machine");
  expect(large?.textContent).toBe("Large131,072 tokens of contextRuns on api.example.com");
  if (large) await person.click(large);
  expect(await screen.findByRole("button", { name: "Runs on api.example.com" })).toBeTruthy();
  expect(localStorage.getItem("alize.model")).toBe("large");
});

test("the model of a conversation is the server's to keep", async () => {
  const { person, state } = openHouse(`/c/${summary(1).id}`, { conversations: [summary(1)] });
  await person.click(await screen.findByRole("button", { name: /Small/ }));
  await person.click(await screen.findByRole("menuitemradio", { name: /Large/ }));
  await waitFor(() => expect(state.conversations[0]?.model).toBe("large"));
});

test("theme and language are the account's, the cookie's and the page's at once", async () => {
  const { person, state } = openHouse("/");
  await person.click(await screen.findByRole("button", { name: /Alix/ }));
  await person.click(await screen.findByRole("menuitemradio", { name: "Dark" }));
  await person.click(await screen.findByRole("button", { name: /Alix/ }));
  await person.click(await screen.findByRole("menuitemradio", { name: "Français" }));
  expect(await screen.findByRole("button", { name: "Nouvelle conversation" })).toBeTruthy();
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(document.documentElement.lang).toBe("fr");
  expect(document.cookie).toContain("alize_look=dark.fr");
  await waitFor(() => expect(state.account).toMatchObject({ theme: "dark", language: "fr" }));
});

test("what the account says counts when the page opens", async () => {
  const account = { ...ALIX, language: "ja", theme: "light" } as const;
  const { server } = openHouse("/", { account });
  expect(await screen.findByRole("button", { name: "新しい会話" })).toBeTruthy();
  expect(document.documentElement.dataset.theme).toBe("light");
  expect(server.asked.some(({ method }) => method === "PATCH")).toBe(false);
});

test("what another device chose is taken over, not overwritten", async () => {
  const { server, state, cache } = openHouse("/");
  await screen.findByRole("button", { name: "New chat" });
  state.account = { ...state.account, theme: "dark", language: "fr" };
  await cache.refetchQueries({ queryKey: ["session"] });
  expect(await screen.findByRole("button", { name: "Nouvelle conversation" })).toBeTruthy();
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(server.asked.some(({ method }) => method === "PATCH")).toBe(false);
});

test("a look that the account does not take is shown all the same, and said", async () => {
  const { person } = openHouse(
    "/",
    {},
    { "PATCH /api/account": () => refused(500, "The disk is full.", "server_error") },
  );
  await person.click(await screen.findByRole("button", { name: /Alix/ }));
  await person.click(await screen.findByRole("menuitemradio", { name: "Dark" }));
  expect(
    await screen.findByText("Shown here, but not saved to your account. The server failed: The disk is full."),
  ).toBeTruthy();
  expect(document.documentElement.dataset.theme).toBe("dark");
});

test("a session that ended elsewhere leads to signing in", async () => {
  const { server, state, person } = openHouse(`/c/${summary(1).id}`, { conversations: [summary(1)] });
  (await row("Conversation 1")).focus();
  state.session = { signed_in: false, account: null };
  server.on({ "PATCH /api/conversations/:id": () => refused(401, "Sign in.", "unauthorized") });
  await person.keyboard("{F2}x{Enter}");
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  expect(await screen.findByText(/Your session has ended/)).toBeTruthy();
});

test("whoever signs in in another tab finds nothing here of whoever was here before", async () => {
  const { server, state } = openHouse(`/c/${summary(1).id}`, { conversations: [summary(1, { title: "Diary" })] });
  await row("Diary");
  const asked = server.asked.length;
  const held = new Promise<Response>(() => {});
  server.on({ "GET /api/conversations": () => held, "GET /api/conversations/:id": () => held });
  Object.assign(state, { account: { ...ALIX, id: "eve", name: "Eve" }, conversations: [] });
  dispatchEvent(new StorageEvent("storage", { key: "alize.session", newValue: "1" }));
  await screen.findByRole("button", { name: /Eve/ });
  expect(screen.queryByText("Diary")).toBeNull();
  expect(document.title).not.toContain("Diary");
  expect(server.asked.slice(asked).map(({ path }) => path)).toContain("/api/conversations");
});

test("signing out is told to the other tabs", async () => {
  const { server, state, person } = openHouse("/");
  server.on({
    "DELETE /api/session": () => {
      state.session = { signed_in: false, account: null };
      return new Response(null, { status: 204 });
    },
  });
  await person.click(await screen.findByRole("button", { name: /Alix/ }));
  await person.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  expect(localStorage.getItem("alize.session")).not.toBeNull();
  await screen.findByRole("button", { name: "Sign in" });
  expect(screen.queryByText(/Your session has ended/)).toBeNull(); // they know why
});

test("a conversation that was put away says so where it is open, and a list of none where they all are", async () => {
  const archived = "2026-01-05T12:00:00Z";
  openHouse(`/c/${summary(1).id}`, { conversations: [summary(1, { title: "Letter to tenants", archived })] });
  const head = await screen.findByRole("banner");
  expect(await within(head).findByText("Archived")).toBeTruthy();
  expect(within(head).getByRole("heading", { name: "Letter to tenants" })).toBeTruthy();
  expect(await within(await rail()).findByText(/All of your conversations are archived/)).toBeTruthy();
});

test("a member, who makes no keys, is not led to them", async () => {
  const { person } = openHouse("/", { account: { ...ALIX, role: "member" } });
  await person.click(await screen.findByRole("button", { name: /Alix/ }));
  await screen.findByRole("menuitem", { name: "Settings" });
  expect(screen.queryByRole("menuitem", { name: "API keys" })).toBeNull();
});

test("signing out in another tab leads to signing in", async () => {
  const { state } = openHouse("/", { conversations: [summary(1)] });
  await row("Conversation 1");
  state.session = { signed_in: false, account: null };
  dispatchEvent(new StorageEvent("storage", { key: "alize.session", newValue: "1" }));
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  expect(screen.queryByText("Conversation 1")).toBeNull();
});

test("an unreachable server is said plainly, and its return too", async () => {
  const { server, person } = openHouse("/", { conversations: [summary(1)] });
  await row("Conversation 1");
  const away = () => Promise.reject(new TypeError("failed to fetch"));
  server.on({ "PATCH /api/conversations/:id": away, "GET /api/conversations": away, "GET /health": away });
  (await row("Conversation 1")).focus();
  await person.keyboard("{F2}x{Enter}");
  expect(await screen.findByText(/The server cannot be reached/)).toBeTruthy();
  server.on({ "GET /health": () => new Response("{}") });
  await waitFor(() => expect(screen.queryByText(/The server cannot be reached/)).toBeNull(), { timeout: 4000 });
});

test("a page that cannot begin says why, and tries again", async () => {
  const restoring = () => refused(400, "The home is being restored. Wait for it.");
  const { server, state, person } = openHouse("/archived", {}, { "GET /api/session": restoring });
  expect(await screen.findByText(/The home is being restored\. Wait for it\.$/)).toBeTruthy();
  server.on({ "GET /api/session": () => json(sessionOf(state)) });
  await person.click(screen.getByRole("button", { name: "Try again" }));
  expect(await rail()).toBeTruthy();
});

test("an address that leads nowhere says so", async () => {
  openHouse("/nowhere/at/all");
  expect(await screen.findByText("The address may have been cut off, or the page was moved.")).toBeTruthy();
});

test("the sheet of shortcuts opens with ?, and its switch turns single keys off", async () => {
  const { person } = openHouse("/archived");
  await screen.findByRole("main");
  await person.keyboard("?");
  const dialog = await screen.findByRole("dialog", { name: "Keyboard shortcuts" });
  await person.click(within(dialog).getByRole("switch", { name: "Single-key shortcuts" }));
  await person.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await person.keyboard("?");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("on a narrow page the rail is a drawer that closes when something was chosen", async () => {
  furnish(["(pointer: coarse)"]);
  const { person } = openHouse("/", { conversations: [summary(1)] });
  await person.click(await screen.findByRole("button", { name: "Show conversations" }));
  const drawer = await screen.findByRole("dialog", { name: "Conversations" });
  await person.click(await within(drawer).findByRole("link", { name: "Conversation 1" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(location.pathname).toBe(`/c/${summary(1).id}`);
});
