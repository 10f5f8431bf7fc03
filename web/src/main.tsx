/** The start of the page. In: the element that index.html holds. Out: the app in it. */
import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, createCache } from "@/shell/app";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App cache={createCache()} />
  </StrictMode>,
);
