import { expect, test } from "vitest";
import { nextPage } from "./next-page";

test.each(["/", "/c/0123", "/search?q=a%20b", "/settings/keys#x"])("%s is a page of ours", (path) => {
  expect(nextPage(path)).toBe(path);
});

test.each([
  "https://other.example",
  "//other.example",
  "/\\other.example",
  "/\t/other.example",
  "\n//other.example",
  "javascript:alert(1)",
  "c/1",
  "",
  "/sign-in?next=/sign-in",
  "/setup",
  undefined,
  7,
  null,
])("%s leads home", (wanted) => {
  expect(nextPage(wanted)).toBe("/");
});
