import { expect, test } from "vitest";
import { isLoopback, prefixOf, under } from "./base";

test("the prefix is where the scripts lie, however deep the page's address", () => {
  expect(prefixOf("https://house.example/assets/index-1.js", false)).toBe("/");
  expect(prefixOf("https://house.example/tools/alize/assets/index-1.js", false)).toBe("/tools/alize/");
  expect(prefixOf("http://localhost:5173/src/api/base.ts", true)).toBe("/");
});

test("paths go under the prefix once", () => {
  expect(under("/api/session", "/")).toBe("/api/session");
  expect(under("/api/session", "/alize/")).toBe("/alize/api/session");
  expect(under("//evil.example", "/")).toBe("/evil.example");
});

test.each([
  ["127.0.0.1", true],
  ["127.8.9.1", true],
  ["localhost", true],
  ["alize.localhost", true],
  ["[::1]", true],
  ["127.0.0.1.evil.example", false],
  ["192.168.1.4", false],
  ["house.example", false],
])("whether %s is this machine: %s", (host, here) => {
  expect(isLoopback(host)).toBe(here);
});
