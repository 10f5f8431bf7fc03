import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Leaves `x.br` and `x.gz` beside each file that they make smaller: the server sends them as they are. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      for (const [fileName, made] of Object.entries(bundle)) {
        const whole = Buffer.from(made.type === "chunk" ? made.code : made.source);
        const forms = [
          [".br", brotliCompressSync(whole, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: whole.length } })],
          [".gz", gzipSync(whole, { level: 9 })],
        ] as const;
        for (const [suffix, source] of forms) {
          const worth = fileName.startsWith("assets/") && source.length < whole.length * 0.9;
          if (worth) this.emitFile({ type: "asset", fileName: fileName + suffix, source });
        }
      }
    },
  },
};

/** Built into the Python package, which serves it; `npm run dev` passes calls on to a running `alize up`. */
export default defineConfig({
  plugins: [react(), tailwindcss(), compressed],
  base: "./",
  resolve: {
    alias: {
      "@": fileURLToPath(new URL("./src", import.meta.url)),
      "react-remove-scroll": fileURLToPath(new URL("./src/components/remove-scroll.tsx", import.meta.url)), // says why
    },
  },
  build: {
    outDir: "../src/alize/web",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: scripts or fonts
    modulePreload: { polyfill: false },
  },
  // The Host header stays the page's own: the server compares it with Origin before it believes a cookie.
  server: { proxy: Object.fromEntries(["/api", "/v1"].map((path) => [path, { target: "http://127.0.0.1:8600" }])) },
  test: {
    testTimeout: 30_000, // ms; a test fails by what it finds, not by how busy the machine is
    projects: [
      // Pure logic needs no page, and making one takes half a second a file.
      {
        extends: true,
        test: { name: "logic", environment: "node", include: ["src/**/*.test.ts"], setupFiles: ["src/test/words.ts"] },
      },
      {
        extends: true,
        test: {
          name: "page",
          environment: "jsdom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/test/words.ts", "src/test/patience.ts"],
        },
      },
    ],
  },
});
