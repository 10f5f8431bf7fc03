import { expect, test } from "vitest";
import { json, refused } from "@/test/fake-fetch";
import { ApiFailure, failureOf, secondsOf } from "./failure";

test("the server's error says what was wrong, where, and when to come back", async () => {
  const answer = refused(429, "Too many attempts.", "rate_limited", { code: "slow_down" }, { "Retry-After": "12" });
  const failure = await failureOf(answer);
  expect(failure).toBeInstanceOf(ApiFailure);
  expect(failure).toMatchObject({
    message: "Too many attempts.",
    status: 429,
    type: "rate_limited",
    code: "slow_down",
    retryAfter: 12,
    passing: true,
  });
});

test("a 422 names its fields", async () => {
  const detail = [
    { loc: ["body", "attachments", 0, "text"], msg: "too long", type: "string_too_long", ctx: { max_length: 9 } },
    { loc: ["query", "limit"], msg: "not a number" },
    { loc: "nonsense", msg: "left out" },
    null,
  ];
  const failure = await failureOf(refused(422, "Two fields are wrong.", "invalid", { detail }));
  expect(failure.fields).toEqual([
    { field: "attachments.0.text", message: "too long", kind: "string_too_long", limits: { max_length: 9 } },
    { field: "query.limit", message: "not a number", kind: "", limits: {} },
  ]);
  expect(failure.passing).toBe(false);
});

test("a named parameter is its field's error", async () => {
  const failure = await failureOf(refused(400, "The name is taken.", "invalid", { param: "name" }));
  expect(failure.fields).toEqual([{ field: "name", message: "The name is taken.", reason: null }]);
  const why = { param: "name", reason: "name_long", values: { characters: 120, most: 100 } };
  const long = await failureOf(refused(400, "The name has 120 characters.", "invalid", why));
  const reason = { name: "name_long", values: { characters: 120, most: 100 } };
  expect(long).toMatchObject({ reason, fields: [{ field: "name", reason }] });
});

test.each([
  ["a proxy's page", new Response("<h1>Bad gateway</h1>", { status: 502 })],
  ["nothing", new Response(null, { status: 502 })],
  ["another JSON", json({ oops: true }, 502)],
  ["a number", json(7, 502)],
])("%s instead of an error is still a failure with its status", async (_, response) => {
  expect(await failureOf(response)).toMatchObject({ status: 502, type: "unexplained", passing: true });
});

test("Retry-After is seconds or a date, and nonsense is nothing", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");
  expect(secondsOf("3", now)).toBe(3);
  expect(secondsOf("-3", now)).toBe(0);
  expect(secondsOf("Wed, 25 Nov 2026 12:00:30 GMT", now)).toBe(30);
  expect(secondsOf("Wed, 25 Nov 2026 11:00:00 GMT", now)).toBe(0);
  expect(secondsOf("soon", now)).toBeNull();
  expect(secondsOf("", now)).toBeNull();
  expect(secondsOf(null, now)).toBeNull();
});
