import { expect, test, vi } from "vitest";
import { fakeServer, json, refused } from "@/test/fake-fetch";
import { ALIX } from "@/test/fake-house";
import { type Client, createClient } from "./client";
import type { PostFile } from "./post-file";
import type { Session } from "./types";

function session(csrf: string, account: Session["account"] = null): Session {
  return {
    object: "session",
    signed_in: true,
    setup: false,
    setup_token_needed: false,
    no_auth: false,
    account,
    csrf,
    limits: {
      attachment_bytes: 1,
      attachments: 1,
      attachment_types: [],
      image_bytes: 1,
      image_types: [],
      audio_bytes: 1,
      audio_types: [],
      body_bytes: 10_000_000,
    },
    outside: { hosts: [], offline: false },
    version: "1",
  };
}

function clientOf(server: { fetch: typeof fetch }, prefix = "/"): { client: Client; notes: boolean[] } {
  const notes: boolean[] = [];
  // As the browser's own, without its progress: what a file is answered is for the same server to say.
  const postFile: PostFile = (address, headers, file, onSent, signal) => {
    onSent(file.size);
    return server.fetch(address, { method: "POST", headers, body: file, ...(signal ? { signal } : {}) });
  };
  return {
    client: createClient({ prefix, fetch: server.fetch, postFile, note: (reached) => notes.push(reached) }),
    notes,
  };
}

test("calls go under the prefix, with their query and their body, and give the answer's JSON", async () => {
  const server = fakeServer({
    "GET /house/api/search": () => json({ data: [] }),
    "PATCH /house/api/accounts/:id": () => json({ id: "1" }),
  });
  const { client, notes } = clientOf(server, "/house/");
  expect(await client.call("GET /api/search", { query: { q: "é&", limit: null } })).toEqual({ data: [] });
  expect(server.asked[0]?.query.toString()).toBe("q=%C3%A9%26");
  await client.call("PATCH /api/accounts/{account_id}", { path: { account_id: "a/b?" }, body: { role: "owner" } });
  expect(server.asked[1]?.path).toBe("/house/api/accounts/a%2Fb%3F");
  expect(server.asked[1]?.body).toEqual({ role: "owner" });
  expect(notes).toEqual([true, true]);
});

test("a file is sent as what it is, with the session's token, and how much has left is told", async () => {
  const server = fakeServer({ "POST /api/attachments": () => json({ id: "att_1" }, 201) });
  const { client } = clientOf(server);
  client.hold(session("secret"));
  const told: number[] = [];
  const body = new Blob(["RIFF"], { type: "audio/wav" });
  const onSent = (bytes: number) => void told.push(bytes);
  expect(await client.call("POST /api/attachments", { query: { name: "é.wav" }, body, onSent })).toEqual({
    id: "att_1",
  });
  const [asked] = server.asked;
  expect(asked?.query.get("name")).toBe("é.wav");
  expect([asked?.headers.get("Content-Type"), asked?.headers.get("X-CSRF-Token")]).toEqual(["audio/wav", "secret"]);
  expect(told).toEqual([4]);
});

test("what changes something carries the session's token, what reads does not", async () => {
  const server = fakeServer({
    "GET /v1/models": () => json(1),
    "DELETE /api/sessions": () => new Response(null, { status: 204 }),
  });
  const { client } = clientOf(server);
  client.hold(session("secret"));
  await client.call("GET /v1/models");
  expect(await client.call("DELETE /api/sessions")).toBeNull();
  expect(server.asked.map(({ headers }) => headers.get("X-CSRF-Token"))).toEqual([null, "secret"]);
});

test("a token that another tab's sign-in made stale is fetched anew, and the call sent again once", async () => {
  const server = fakeServer({
    "GET /api/session": () => json(session("new")),
    "PATCH /api/account": ({ headers }) =>
      headers.get("X-CSRF-Token") === "new"
        ? json({ done: true })
        : refused(403, "The token is not this session's.", "forbidden", { code: "csrf_failed" }),
  });
  const { client } = clientOf(server);
  client.hold(session("old"));
  expect(await client.call("PATCH /api/account", { body: {} })).toEqual({ done: true });
  expect(server.asked.map(({ method }) => method)).toEqual(["PATCH", "GET", "PATCH"]);
});

test("nothing is sent again for somebody else who signed in in another tab, and those who listen are told", async () => {
  const eve = { ...ALIX, id: "eve" };
  const server = fakeServer({
    "GET /api/session": () => json(session("hers", eve)),
    "POST /api/conversations": () =>
      refused(403, "The token is not this session's.", "forbidden", { code: "csrf_failed" }),
  });
  const { client } = clientOf(server);
  const [ended, changed] = [vi.fn(), vi.fn()];
  client.onSignedOut(ended);
  client.onPersonChanged(changed);
  client.hold(session("mine", ALIX));
  await expect(client.call("POST /api/conversations", { body: { id: "1" } })).rejects.toMatchObject({ status: 403 });
  expect(server.asked.map(({ method }) => method)).toEqual(["POST", "GET"]);
  expect(ended).toHaveBeenCalledOnce();
  client.hold(session("hers", eve));
  client.hold(session("hers again", { ...eve, name: "Eve" }));
  expect(changed).toHaveBeenCalledOnce();
  client.hold(session("", null));
  expect(changed).toHaveBeenCalledTimes(2);
  client.hold(session("mine", ALIX));
  expect(changed).toHaveBeenCalledTimes(2); // nobody was here before
});

test("a token that stays refused ends in the failure, not in a circle", async () => {
  const server = fakeServer({
    "GET /api/session": () => json(session("new")),
    "PATCH /api/account": () => refused(403, "No.", "forbidden", { code: "csrf_failed" }),
  });
  const { client } = clientOf(server);
  await expect(client.call("PATCH /api/account", { body: {} })).rejects.toMatchObject({
    status: 403,
    code: "csrf_failed",
  });
  expect(server.asked).toHaveLength(3);
});

test("other refusals are not tried again", async () => {
  const server = fakeServer({ "PATCH /api/account": () => refused(403, "Not yours.", "forbidden") });
  await expect(clientOf(server).client.call("PATCH /api/account", { body: {} })).rejects.toMatchObject({
    message: "Not yours.",
  });
  expect(server.asked).toHaveLength(1);
});

test("an ended session is told to those who listen, a wrong password is not", async () => {
  const server = fakeServer({
    "GET /v1/models": () => refused(401, "Sign in.", "unauthorized"),
    "POST /api/session": () => refused(401, "Wrong.", "unauthorized"),
  });
  const { client } = clientOf(server);
  const heard = vi.fn();
  const stop = client.onSignedOut(heard);
  await expect(client.call("POST /api/session", { body: { email: "a", password: "b" } })).rejects.toThrow("Wrong.");
  expect(heard).not.toHaveBeenCalled();
  await expect(client.call("GET /v1/models")).rejects.toThrow("Sign in.");
  expect(heard).toHaveBeenCalledOnce();
  stop();
  await expect(client.call("GET /v1/models")).rejects.toThrow("Sign in.");
  expect(heard).toHaveBeenCalledOnce();
});

test("a server that is not there is a failure of status 0, and noted", async () => {
  const { client, notes } = clientOf({ fetch: () => Promise.reject(new TypeError("failed to fetch")) });
  await expect(client.call("GET /v1/models")).rejects.toMatchObject({ status: 0, type: "unreachable", passing: true });
  expect(notes).toEqual([false]);
});

test("a call that is given up is no news of the server", async () => {
  const giving = new AbortController();
  giving.abort();
  const server = fakeServer();
  const { client, notes } = clientOf(server);
  await expect(client.call("GET /v1/models", { signal: giving.signal })).rejects.toMatchObject({ name: "AbortError" });
  expect(notes).toEqual([]);
});

test("a page where JSON should be is said to be unreadable", async () => {
  const server = fakeServer({ "GET /v1/models": () => new Response("<!doctype html>") });
  await expect(clientOf(server).client.call("GET /v1/models")).rejects.toMatchObject({
    type: "unreadable",
    status: 200,
  });
});
