import { screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { furnish } from "@/test/dom";
import { json, refused } from "@/test/fake-fetch";
import { openHouse, sessionOf, summary } from "@/test/house";
import { ADA, faultsByAxe, field, letIn, NOBODY } from "./proof";

beforeEach(() => {
  localStorage.clear();
  furnish();
});

function openSignIn(path = "/sign-in") {
  const house = openHouse(path, { session: NOBODY });
  house.server.on({
    "POST /api/session": () => {
      letIn(house.state);
      return json(sessionOf(house.state));
    },
  });
  return house;
}

const button = (name: string) => screen.findByRole("button", { name });
const asked = (house: ReturnType<typeof openHouse>, method: string, path: string) =>
  house.server.asked.filter((one) => one.method === method && one.path === path);

test("signing in by Enter leads to the page that was wanted, and its token goes with the next change", async () => {
  const house = openSignIn(`/sign-in?next=${encodeURIComponent(`/c/${summary(1).id}`)}`);
  house.state.conversations = [summary(1)];
  await house.person.type(await field("E-mail"), " ada@example.org ");
  await house.person.type(await field("Password"), "correct horse{Enter}");
  await waitFor(() => expect(location.pathname).toBe(`/c/${summary(1).id}`));
  expect(asked(house, "POST", "/api/session")[0]?.body).toEqual({
    email: "ada@example.org",
    password: "correct horse",
  });
  (await screen.findByRole("link", { name: "Conversation 1" })).focus();
  await house.person.keyboard("{F2}x{Enter}");
  await waitFor(() => {
    const [patch] = house.server.asked.filter(({ method, path }) => method === "PATCH" && path.startsWith("/api/conv"));
    expect(patch?.headers.get("X-CSRF-Token")).toBe("token");
  });
});

test("a wanted page on another site is never gone to", async () => {
  const { person } = openSignIn("/sign-in?next=//evil.example/x");
  await person.type(await field("E-mail"), "ada@example.org");
  await person.type(await field("Password"), "correct horse{Enter}");
  await waitFor(() => expect(location.pathname).toBe("/"));
  expect(location.hostname).not.toBe("evil.example");
});

test("browsers and password keepers know the fields", async () => {
  openSignIn();
  expect((await field("E-mail")).autocomplete).toBe("email");
  expect((await field("Password")).autocomplete).toBe("current-password");
});

test("what is missing is said beside its field, the first of them has focus, and nothing is sent", async () => {
  const house = openSignIn();
  await house.person.click(await button("Sign in"));
  const email = await field("E-mail");
  await waitFor(() => expect(document.activeElement).toBe(email));
  expect(screen.getByText("Write your e-mail address.").parentElement?.contains(email)).toBe(true);
  expect(screen.getByText("Write the password.")).toBeTruthy();
  expect(asked(house, "POST", "/api/session")).toHaveLength(0);
  await house.person.type(email, "a");
  expect(screen.queryByText("Write your e-mail address.")).toBeNull();
  expect(document.activeElement).toBe(email);
});

test("a wrong password is said beside it, nothing typed is lost, and it can be typed over at once", async () => {
  const { server, person } = openSignIn();
  server.on({ "POST /api/session": () => refused(401, "No.", "authentication_error") });
  await person.type(await field("E-mail"), "ada@example.org");
  const password = await field("Password");
  await person.type(password, "wrong one{Enter}");
  expect(await screen.findByText("The e-mail address or the password is wrong.")).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(password));
  expect([(await field("E-mail")).value, password.value]).toEqual(["ada@example.org", "wrong one"]);
  expect([password.selectionStart, password.selectionEnd]).toEqual([0, 9]);
  expect(await faultsByAxe()).toEqual([]);
});

test("after too many attempts the time to wait is said", async () => {
  const { server, person } = openSignIn();
  server.on({ "POST /api/session": () => refused(429, "No.", "rate_limit_error", {}, { "Retry-After": "840" }) });
  await person.type(await field("E-mail"), "ada@example.org");
  await person.type(await field("Password"), "wrong one{Enter}");
  expect((await screen.findByText(/Wait 14 minutes, until/)).closest("[role=alert]")).toBeTruthy();
});

test("Enter pressed twice signs in once", async () => {
  const house = openSignIn();
  let answer: (response: Response) => void = () => {};
  house.server.on({ "POST /api/session": () => new Promise((resolve) => (answer = resolve)) });
  await house.person.type(await field("E-mail"), "ada@example.org");
  await house.person.type(await field("Password"), "correct horse{Enter}{Enter}");
  expect(asked(house, "POST", "/api/session")).toHaveLength(1);
  expect((await button("Sign in")).getAttribute("aria-busy")).toBe("true");
  letIn(house.state);
  answer(json(sessionOf(house.state)));
  await waitFor(() => expect(location.pathname).toBe("/"));
});

test("a password can be looked at, pasted, and is hidden at first", async () => {
  const { person } = openSignIn();
  const password = await field("Password");
  await person.click(password);
  await person.paste("pasted one");
  expect([password.type, password.value]).toEqual(["password", "pasted one"]);
  await person.click(await button("Show the password"));
  expect(password.type).toBe("text");
});

test("who is signed in has nothing to do here", async () => {
  openHouse("/sign-in");
  await waitFor(() => expect(location.pathname).toBe("/"));
});

test("the next person at this screen sees nothing of the one whose session ended", async () => {
  const { state, server, cache, person } = openHouse("/", { account: ADA, conversations: [summary(1)] });
  await screen.findByRole("link", { name: "Conversation 1" });
  localStorage.setItem("alize.draft.acc_ada.new", JSON.stringify({ text: "mine", at: 1 }));
  state.session = NOBODY;
  await cache.refetchQueries({ queryKey: ["session"] });
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  state.conversations = [summary(2)];
  server.on({
    "POST /api/session": () => {
      letIn(state, { ...ADA, id: "acc_bob", name: "Bob" });
      return json(sessionOf(state));
    },
  });
  let held = (_: Response) => {};
  server.on({ "GET /api/conversations": () => new Promise((resolve) => (held = resolve)) });
  await person.type(await field("E-mail"), "bob@example.org");
  await person.type(await field("Password"), "correct horse{Enter}");
  await screen.findByRole("button", { name: /Bob/ });
  expect(screen.queryByRole("link", { name: "Conversation 1" })).toBeNull();
  held(json({ object: "list", data: state.conversations, next: null }));
  expect(await screen.findByRole("link", { name: "Conversation 2" })).toBeTruthy();
  expect(localStorage.getItem("alize.draft.acc_ada.new")).not.toBeNull(); // Ada's, for when she comes back
});

test("signing out forgets what was being typed", async () => {
  const { state, server, person } = openHouse("/", { account: ADA });
  const writing = await screen.findByRole("textbox");
  await person.type(writing, "a secret thought");
  await waitFor(() => expect(JSON.stringify({ ...localStorage })).toContain("a secret thought"));
  server.on({
    "DELETE /api/session": () => {
      state.session = NOBODY;
      return new Response(null, { status: 204 });
    },
  });
  await person.click(screen.getByRole("button", { name: /Ada/ }));
  await person.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  expect(JSON.stringify({ ...localStorage })).not.toContain("a secret thought");
});

const openSetup = (token: boolean) =>
  openHouse("/setup", { session: { ...NOBODY, setup: true, setup_token_needed: token } });

async function fillAccount(person: ReturnType<typeof openHouse>["person"]) {
  await person.type(await field("Name"), "Ada");
  await person.type(await field("E-mail"), "ada@example.org");
  await person.type(await field("Password"), "correct horse");
}

test("the first visit makes the administrator and goes in; no token is asked for on this machine", async () => {
  const house = openSetup(false);
  house.server.on({
    "POST /api/setup": () => {
      letIn(house.state);
      return json(sessionOf(house.state), 201);
    },
  });
  await fillAccount(house.person);
  expect(screen.queryByLabelText("One-time token")).toBeNull();
  expect((await field("Password")).autocomplete).toBe("new-password");
  expect(await faultsByAxe()).toEqual([]);
  await house.person.click(await button("Make the account"));
  await waitFor(() => expect(location.pathname).toBe("/"));
  const body = { email: "ada@example.org", name: "Ada", password: "correct horse" };
  expect(asked(house, "POST", "/api/setup")[0]?.body).toEqual(body);
});

test("where a token is needed, a missing and a wrong one are said beside it", async () => {
  const house = openSetup(true);
  house.server.on({
    "POST /api/setup": () => refused(403, "Not the token.", "permission_error", { param: "token" }),
  });
  await fillAccount(house.person);
  await house.person.click(await button("Make the account"));
  const token = await field("One-time token");
  await waitFor(() => expect(document.activeElement).toBe(token));
  expect(asked(house, "POST", "/api/setup")).toHaveLength(0);
  await house.person.type(token, "guess{Enter}");
  expect(await screen.findByText(/This is not the token/)).toBeTruthy();
  expect(asked(house, "POST", "/api/setup")[0]?.body).toMatchObject({ token: "guess" });
  expect((await field("Password")).value).toBe("correct horse");
});

test("who comes second is told, and signs in", async () => {
  const { server, state, person } = openSetup(false);
  server.on({
    "POST /api/setup": () => {
      state.session = NOBODY;
      return refused(409, "There is an account already.", "conflict_error");
    },
  });
  await fillAccount(person);
  await person.click(await button("Make the account"));
  await waitFor(() => expect(location.pathname).toBe("/sign-in"));
  expect(await screen.findByText(/Somebody has just made the first account/)).toBeTruthy();
});

test("a server that makes its first account elsewhere says so", async () => {
  const { server, person } = openSetup(false);
  server.on({ "POST /api/setup": () => refused(409, "From its own machine only.", "conflict_error") });
  await fillAccount(person);
  await person.click(await button("Make the account"));
  expect(await screen.findByText("From its own machine only.")).toBeTruthy();
  expect(location.pathname).toBe("/setup");
});

test("a password that is too short is said before it is sent", async () => {
  const house = openSetup(false);
  await fillAccount(house.person);
  await house.person.clear(await field("Password"));
  await house.person.type(await field("Password"), "short{Enter}");
  expect(await screen.findByText("A password has at least 8 characters. Choose a longer one.")).toBeTruthy();
  expect(asked(house, "POST", "/api/setup")).toHaveLength(0);
});

const OFFER = { object: "invitation.offer", role: "member", workspace: "ws", expires: "2030-05-04T10:00:00Z" };

test("an invitation says what it offers and becomes an account, its token in no address that is sent", async () => {
  const house = openHouse("/invitation#the-token", { session: NOBODY });
  house.server.on({
    "POST /api/invitations/look": () => json(OFFER),
    "POST /api/invitations/accept": () => {
      letIn(house.state);
      return json(sessionOf(house.state), 201);
    },
  });
  expect(await screen.findByText("You are invited to talk to the models here.")).toBeTruthy();
  expect(screen.getByText("The invitation works once, until May 4, 2030.")).toBeTruthy();
  await fillAccount(house.person);
  expect(await faultsByAxe()).toEqual([]);
  await house.person.click(await button("Make my account"));
  await waitFor(() => expect(location.pathname).toBe("/"));
  expect(location.hash).toBe("");
  expect(asked(house, "POST", "/api/invitations/accept")[0]?.body).toMatchObject({ token: "the-token", name: "Ada" });
  expect(asked(house, "POST", "/api/invitations/look")).toHaveLength(1);
  expect(house.server.asked.some(({ path, query }) => `${path}?${query}`.includes("the-token"))).toBe(false);
});

test("an address that has an account is said beside it", async () => {
  const house = openHouse("/invitation#t", { session: NOBODY }, { "POST /api/invitations/look": () => json(OFFER) });
  house.server.on({
    "POST /api/invitations/accept": () => refused(409, "There is one.", "conflict_error", { param: "email" }),
  });
  await fillAccount(house.person);
  await house.person.click(await button("Make my account"));
  expect(await screen.findByText(/There is an account with this address already/)).toBeTruthy();
  await waitFor(async () => expect(document.activeElement).toBe(await field("E-mail")));
});

test.each([
  ["/invitation", "This link is incomplete"],
  ["/invitation#used", "This invitation no longer works"],
])("%s: what is wrong with a link, and what to do", async (path, title) => {
  const gone = () => refused(404, "This invitation has been used.", "not_found_error");
  openHouse(path, { session: NOBODY }, { "POST /api/invitations/look": gone });
  expect(await screen.findByText(title)).toBeTruthy();
  expect(await faultsByAxe()).toEqual([]);
});

test("who is signed in is told that an invitation makes another account", async () => {
  openHouse("/invitation#t", {}, { "POST /api/invitations/look": () => json({ ...OFFER, role: "owner" }) });
  expect(await screen.findByText(/You are signed in as Alix/)).toBeTruthy();
  expect(screen.getByText(/You are invited as an owner/)).toBeTruthy();
});

test("the language can be chosen before anybody is signed in", async () => {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(["en"]);
  const { person } = openSignIn();
  await person.selectOptions(await field("Language"), "日本語");
  expect(await screen.findByRole("heading", { name: "サインイン" })).toBeTruthy();
  await person.selectOptions(await field("言語"), "en");
  await screen.findByRole("heading", { name: "Sign in" });
});
