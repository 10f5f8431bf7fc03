import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkTarget, namesOther } from "./address";
import { decodeEntities } from "./entities";
import { hasHidden, reveal, revealed } from "./hidden";
import { inVariant } from "./math-variant";
import { noteDefinition, noteReference } from "./notes-syntax";
import { numericColumns } from "./numbers";

describe("addresses", () => {
  it("gives the address as the browser will ask for it", () => {
    expect(linkTarget("HTTPS://Example.ORG/a b".replace(" ", "%20"))).toEqual({
      href: "https://example.org/a%20b",
      host: "example.org",
    });
    expect(linkTarget("http://münchen.example:8080/")).toEqual({
      href: "http://xn--mnchen-3ya.example:8080/",
      host: "xn--mnchen-3ya.example:8080",
    });
    expect(linkTarget("mailto:a.b@c.example?subject=x")).toEqual({
      href: "mailto:a.b@c.example",
      host: "a.b@c.example",
    });
  });

  it("never gives another scheme, a user name or a host that is not shown, whatever it is given", () => {
    const piece = fc.constantFrom(
      "javascript:",
      "https://",
      "http:",
      "//",
      "/",
      "\\",
      "@",
      "a.example",
      "\t",
      "\u202e",
      "data:",
      "mailto:",
      "%00",
      ":",
      "?",
      "#",
      " ",
      "user",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(piece).map((parts) => parts.join("")),
        ),
        (text) => {
          const target = linkTarget(text);
          if (target === null) return;
          const url = new URL(target.href);
          expect(["http:", "https:", "mailto:"]).toContain(url.protocol);
          expect(url.username + url.password).toBe("");
          if (url.protocol !== "mailto:") expect(url.host).toBe(target.host);
          expect(hasHidden(target.href)).toBe(false);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("tells a text that names another host from one that names its own", () => {
    expect(namesOther("https://bank.example/login", "evil.example")).toBe(true);
    expect(namesOther("bank.example", "evil.example")).toBe(true);
    expect(namesOther("www.evil.example", "evil.example")).toBe(false);
    expect(namesOther("evil.example/path", "evil.example:8080")).toBe(false);
    expect(namesOther("the documentation", "evil.example")).toBe(false);
  });
});

describe("characters", () => {
  it("names each one that cannot be seen, and keeps emoji whole", () => {
    expect(revealed("a\u202eb\u200bc")).toBe("a⟨U+202E⟩b⟨U+200B⟩c");
    expect(revealed("👩‍🔬 ok ❤️‍🔥")).toBe("👩‍🔬 ok ❤️‍🔥");
    expect(revealed("日本語 العربية é")).toBe("日本語 العربية é");
    expect(revealed("x\u{e0061}")).toBe("x⟨U+E0061⟩");
  });

  it("loses none", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const back = reveal(text).map((piece) =>
          piece.hidden ? String.fromCodePoint(Number.parseInt(piece.text.slice(2), 16)) : piece.text,
        );
        expect(back.join("")).toBe(text);
      }),
    );
  });

  it("reads references once", () => {
    expect(decodeEntities("&amp;lt; &#65;&#x42; &nbsp;| &unknown; &#0; & &constructor;")).toBe(
      "&lt; AB \u00a0| &unknown; \ufffd & &constructor;",
    );
  });

  it("writes letters of another alphabet with Unicode's own", () => {
    expect(inVariant("RNx1", "double-struck")).toBe("ℝℕ𝕩𝟙");
    expect(inVariant("Lg", "script")).toBe("ℒℊ");
    expect(inVariant("αΩ", "bold")).toBe("𝛂𝛀");
    expect(inVariant("a+é", "bold")).toBe("𝐚+é");
    expect(inVariant("a", "normal")).toBe("a");
  });
});

describe("notes", () => {
  it("takes the indented lines of a definition, and stops at the next", () => {
    expect(noteDefinition("[^a]: one\n    two\n\n    three\n\nfour")).toEqual({
      raw: "[^a]: one\n    two\n\n    three\n",
      label: "a",
      content: "one\ntwo\n\nthree",
    });
    expect(noteDefinition("[^a]: one\n[^b]: two")).toMatchObject({ raw: "[^a]: one\n" });
    expect(noteDefinition("[^a] one")).toBeNull();
  });

  it("tells a call from a definition and a link", () => {
    expect(noteReference("[^A] b")).toEqual({ raw: "[^A]", label: "a" });
    expect(noteReference("[^a]: b")).toBeNull();
    expect(noteReference("[^a](https://a.example)")).toBeNull();
    expect(noteReference("[^a b]")).toBeNull();
  });
});

describe("columns of numbers", () => {
  it.each([
    [["€21,900", "€17,640"], true],
    [["−19 %", "+3 %", "–"], true],
    [["1.5 kg", "20 µm", ""], true],
    [["31 tok/s"], true],
    [["2025-01-01"], false],
    [["a", "1"], false],
    [["", "-"], false],
    [["12 apples and pears"], false],
  ])("%j: %s", (cells, numeric) => {
    expect(
      numericColumns(
        cells.map((cell) => [cell]),
        1,
      ),
    ).toEqual([numeric]);
  });
});
