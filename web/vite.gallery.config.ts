import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import base from "./vite.config";

/** The gallery, for tests and for looking: never in the wheel. `npm run gallery` serves it, tests/web/conftest.py builds it. */
export default defineConfig({
  plugins: [react(), tailwindcss()],
  base: "./",
  resolve: base.resolve ?? {},
  build: {
    ...base.build,
    outDir: "gallery-built",
    rolldownOptions: { input: "gallery.html" },
    chunkSizeWarningLimit: 4_000, // kB; nobody waits for it
  },
});
