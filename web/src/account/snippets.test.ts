import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SPEAKING, snippetOf } from "./snippets";

const parts = { address: "https://house.example/alize", model: "small", key: null };

test("each names the address, the model, and where the key is read from", () => {
  for (const { id } of SPEAKING) {
    const text = snippetOf(id, parts);
    for (const word of ["https://house.example/alize", "small", "ALIZE_API_KEY"]) expect(text, id).toContain(word);
  }
});

test("the one in TypeScript is JavaScript too, so that a Node that does not know types runs it", () => {
  const folder = mkdtempSync(join(tmpdir(), "snippet-"));
  const file = join(folder, "ask.mjs");
  for (const key of [null, "alz_secret"]) {
    writeFileSync(file, snippetOf("typescript", { ...parts, key }));
    execFileSync(process.execPath, ["--check", file]);
  }
  rmSync(folder, { recursive: true });
});

test("a key that is known stands in it, and no variable", () => {
  for (const { id } of SPEAKING) {
    const text = snippetOf(id, { ...parts, key: "alz_secret" });
    expect(text, id).toContain("alz_secret");
    expect(text, id).not.toContain("ALIZE_API_KEY");
  }
});

test("whatever a model is called, a shell passes it on as it is, and runs none of it", () => {
  const hostile = ["$(touch x)", "it's", '"; ls; "', "`id`", "\\", "new\nline", "-x", "*"];
  const model = fc
    .oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 20 }))
    .filter((name) => !name.includes("\0"));
  fc.assert(
    fc.property(model, (name) => {
      const command = snippetOf("curl", { ...parts, model: name, key: "alz_x" });
      // A function in curl's place says what it was given, each part behind a NUL.
      const script = `curl() { for one in "$@"; do printf '%s\\0' "$one"; done; }\n${command}`;
      const given = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0");
      expect(given[0]).toBe("https://house.example/alize/v1/chat/completions");
      expect(JSON.parse(given[6] ?? "")).toMatchObject({ model: name });
    }),
    { numRuns: 25 }, // a process each
  );
});

test("whatever a model is called, its string in TypeScript means it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const written =
        /model: ("(?:[^"\\]|\\.)*"),\n/.exec(snippetOf("typescript", { ...parts, model: name }))?.[1] ?? "";
      expect(JSON.parse(written)).toBe(name);
      expect(written).not.toMatch(/[\n\r\u2028\u2029]/);
    }),
  );
});
