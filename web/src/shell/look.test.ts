import fc from "fast-check";
import { expect, test } from "vitest";
import { cookieOf, LANGUAGES, type Look, lookOf, type Theme } from "./look";

test("the cookie says theme and language, and comes back the same", () => {
  const theme = fc.constantFrom<Theme>("", "light", "dark");
  const language = fc.constantFrom<Look["language"]>("", ...LANGUAGES);
  fc.assert(
    fc.property(theme, language, (one, other) => {
      const look = { theme: one, language: other };
      const [pair = ""] = cookieOf(look, "/", false).split(";");
      expect(lookOf(`a=b; ${pair}; c=d`)).toEqual(look);
    }),
  );
});

test("what is no look is no choice", () => {
  for (const cookies of [
    "",
    "alize_look=",
    "alize_look=blue.de",
    "alize_look=..",
    "other=dark.fr",
    "xalize_look=dark.fr",
  ]) {
    expect(lookOf(cookies)).toEqual({ theme: "", language: "" });
  }
});

test("the cookie belongs to the page's own path, and to TLS where there is TLS", () => {
  const look: Look = { theme: "dark", language: "fr" };
  expect(cookieOf(look, "/alize/", true)).toBe(
    "alize_look=dark.fr; Path=/alize/; Max-Age=31536000; SameSite=Lax; Secure",
  );
  expect(cookieOf(look, "/", false)).not.toContain("Secure");
});
