/** What the tests of this folder share. In: Markdown. Out: it rendered as the page does, and the judgement whether it is harmless. */
import { render } from "@testing-library/react";
import { expect, vi } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { Markdown } from "./markdown";
import { type LinkPolicy, LinkPolicyContext } from "./policy";

const NO_IMAGES: LinkPolicy = { image: () => ({ refused: "host" }) };

export function answer(text: string, streaming: boolean, policy: LinkPolicy = NO_IMAGES) {
  return (
    <TooltipProvider>
      <LinkPolicyContext value={policy}>
        <Markdown text={text} streaming={streaming} />
      </LinkPolicyContext>
    </TooltipProvider>
  );
}

export function show(text: string, policy: LinkPolicy = NO_IMAGES): HTMLElement {
  return render(answer(text, false, policy)).container;
}

const ELEMENTS = new Set(
  (
    "div p h3 h4 h5 h6 strong em del code br a span sup ul ol li input blockquote hr figure figcaption pre button table thead tbody tr th td " +
    "section small svg path rect circle line polyline ellipse polygon " +
    "math mrow mi mn mo ms mtext mspace msup msub msubsup mover munder munderover mfrac msqrt mroot mtable mtr mtd mstyle mpadded mphantom"
  ).split(" "),
);

/** Nothing but elements we make, no handler, no style, no address that acts or fetches. */
export function expectHarmless(container: HTMLElement): void {
  for (const element of container.querySelectorAll("*")) {
    const name = element.localName;
    if (!ELEMENTS.has(name)) expect.fail(`<${name}> in ${container.innerHTML}`);
    // icons are ours: they stand in our buttons, links and boxes alone
    if (name === "svg" && !element.closest("button, .md-back, .md-image-host"))
      expect.fail(`<svg> in ${container.innerHTML}`);
    for (const { name: attribute, value } of element.attributes) {
      if (/^on|^style$|^src|^data$|^action|^formaction|^xlink|^ping$|^poster$|^background$|^srcdoc$/i.test(attribute)) {
        expect.fail(`${attribute}="${value}" in ${container.innerHTML}`);
      }
      if (attribute === "href" && !/^(https?:\/\/|mailto:|#)/.test(value)) expect.fail(`href="${value}"`);
    }
  }
}

/** Every way out of the page that a test can watch. Out: whether any was used. */
export function watchRequests(): () => number {
  const out = [
    vi.spyOn(globalThis, "fetch").mockImplementation(() => Promise.reject(new Error("no request is allowed"))),
    vi.spyOn(XMLHttpRequest.prototype, "open"),
    vi.spyOn(HTMLImageElement.prototype, "src", "set"),
    vi.spyOn(HTMLScriptElement.prototype, "src", "set"),
    vi.spyOn(HTMLLinkElement.prototype, "href", "set"),
    vi.spyOn(window, "open"),
  ];
  return () => out.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

/** Cut as a model might: a few characters at a time. */
export function* prefixes(text: string, step = 1): Generator<string> {
  for (let end = step; end < text.length; end += step) yield text.slice(0, end);
  yield text;
}
