/** Text, perhaps with formatting, comes in; it is on the clipboard, or the promise says that it is not. */

export interface Copied {
  plain: string;
  html?: string;
}

/** Throws where the browser refuses. */
export async function copy({ plain, html }: Copied): Promise<void> {
  // `navigator.clipboard` is missing on pages over plain HTTP from another machine, which is how a house is used.
  if (!navigator.clipboard || typeof ClipboardItem === "undefined")
    return copyByEvent({ plain, ...(html ? { html } : {}) });
  if (html === undefined) return navigator.clipboard.writeText(plain);
  const parts = { "text/plain": blob(plain, "text/plain"), "text/html": blob(html, "text/html") };
  await navigator.clipboard.write([new ClipboardItem(parts)]);
}

function blob(text: string, type: string): Blob {
  return new Blob([text], { type });
}

/** The old way: the browser asks what to copy, and is told. */
function copyByEvent({ plain, html }: Copied): void {
  const tell = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", plain);
    if (html !== undefined) event.clipboardData?.setData("text/html", html);
  };
  document.addEventListener("copy", tell, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", tell);
  if (!done) throw new Error("The browser did not allow copying.");
}
