/** The gallery: every part of the page in every state, from plain data, without a server. In: ?scene=. Out: that scene, or the list of all. */
import "@/styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadWords } from "@/i18n";
import { LANGUAGE, type Scene, seen } from "./scene";
import { SCENES } from "./scenes";

const root = document.getElementById("root");
if (root === null) throw new Error("gallery.html has no #root");
const wanted = new URLSearchParams(location.search).get("scene");
const scene = SCENES.find(({ id }) => id === wanted);
await loadWords(LANGUAGE);
if (scene) await show(scene, root);
else createRoot(root).render(<List />);

/** `data-whole` on <html> says that the picture is whole: its fonts are there, and what was to be done is done. */
async function show({ mount, act, until }: Scene, into: HTMLElement): Promise<void> {
  createRoot(into).render(<StrictMode>{mount()}</StrictMode>);
  await act?.();
  await seen(until);
  await document.fonts.ready;
  document.documentElement.dataset.whole = "";
}

function List() {
  return (
    <main className="h-full overflow-y-auto p-6">
      <h1 className="font-[620] text-20">Gallery</h1>
      <ul className="grid gap-1 py-4">
        {SCENES.map(({ id, title }) => (
          <li key={id}>
            <a href={`?scene=${id}`} className="text-sea underline" data-scene={id}>
              {id}
            </a>
            {`: ${title}`}
          </li>
        ))}
      </ul>
    </main>
  );
}
