// @vitest-environment node
import { brotliCompressSync } from "node:zlib";
import { build, type Rollup } from "vite";
import { expect, test, vi } from "vitest";

/** Bytes, compressed as the server sends them: what a phone on a slow line waits for before it can be typed in. */
const MOST = 200_000;

test("what loads before the page can be typed in is less than 200 KB of compressed JavaScript", {
  timeout: 120_000,
}, async () => {
  vi.stubEnv("NODE_ENV", "production"); // else React is built with its checks
  const built = (await build({ logLevel: "error", build: { write: false } })) as Rollup.RollupOutput;
  const chunks = new Map(built.output.flatMap((made) => (made.type === "chunk" ? [[made.fileName, made]] : [])));
  const needed = new Set<string>();
  const need = (name: string): void => {
    const chunk = chunks.get(name);
    if (chunk === undefined || needed.has(name)) return;
    needed.add(name);
    for (const imported of chunk.imports) need(imported);
  };
  const words: number[] = [];
  for (const [name, chunk] of chunks) {
    if (chunk.isEntry) need(name);
    // One of the languages is loaded, too: the longest counts.
    if (/\/i18n\/(en|fr|ja)\/index\.ts$/.test(chunk.facadeModuleId ?? "")) words.push(compressed(chunk));
  }
  expect(words).toHaveLength(3);
  const sizes = [...needed].map((name) => compressed(chunks.get(name)));
  const bytes = Math.max(...words) + sizes.reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(50_000); // React alone: less, and something was not counted
  expect(bytes).toBeLessThan(MOST);
});

function compressed(chunk: Rollup.OutputChunk | undefined): number {
  return chunk === undefined ? 0 : brotliCompressSync(chunk.code).length;
}
