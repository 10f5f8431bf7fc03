import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Built into the Python package, which serves it; `npm run dev` passes calls on to a running `alize up`. */
export default defineConfig({
  plugins: [react(), tailwindcss()],
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
  test: { environment: "jsdom", setupFiles: ["src/test/words.ts"], include: ["src/**/*.test.{ts,tsx}"] },
});
