/** The start of the page. In: the element that index.html holds. Out: the app in it, once the words of its language are there. */
import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadWords } from "@/i18n";
import { App, createCache } from "@/shell/app";
import { languageOf, lookOf } from "@/shell/look";
import { watchKeys } from "@/thread/key-frames";

watchKeys(window);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
loadWords(languageOf(lookOf(document.cookie))).then(
  () =>
    createRoot(root).render(
      <StrictMode>
        <App cache={createCache()} />
      </StrictMode>,
    ),
  () => {
    // No words at all: said in each language, as the page without JavaScript does.
    root.textContent = "Reload the page. · Rechargez la page. · ページを再読み込みしてください。";
  },
);
