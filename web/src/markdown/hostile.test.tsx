import { cleanup, render } from "@testing-library/react";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { answer, expectHarmless, prefixes, show, watchRequests } from "./proof";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

// Formulas are to be set, not shown as they are while the engine loads.
beforeAll(async () => {
  show("$x$");
  await vi.waitFor(() => expect(document.querySelector("math")).not.toBeNull());
  cleanup();
});

interface Case {
  name: string;
  text: string;
  /** Must be readable in the end: nothing is swallowed. */
  sees?: string;
  /** How many links there are in the end. */
  links?: number;
}

const CASES: Case[] = [
  // HTML
  { name: "a script", text: "<script>alert(1)</script>", sees: "<script>alert(1)</script>" },
  { name: "a script over lines", text: "<script>\nalert(1)\n</script>\n\nafter", sees: "alert(1)" },
  { name: "a handler", text: '<img src=x onerror="alert(1)">', sees: "onerror" },
  { name: "a handler in capitals", text: "<IMG SRC=x OnErRoR=alert(1)//", sees: "OnErRoR" },
  { name: "an inline frame", text: '<iframe src="https://evil.example"></iframe>', sees: "<iframe" },
  { name: "an object and an embed", text: '<object data="x.swf"></object><embed src="x.swf">', sees: "<embed" },
  {
    name: "a form",
    text: '<form action="https://evil.example"><input name=q><button>Go</button></form>',
    sees: "<form",
  },
  { name: "a style", text: "<style>body{background:url(https://evil.example)}</style>", sees: "<style>" },
  { name: "a style attribute", text: '<div style="position:fixed;inset:0">x</div>', sees: "position:fixed" },
  { name: "a base", text: '<base href="https://evil.example/">', sees: "<base" },
  { name: "a refresh", text: '<meta http-equiv="refresh" content="0;url=https://evil.example">', sees: "<meta" },
  { name: "a link element", text: '<link rel="stylesheet" href="https://evil.example/a.css">', sees: "<link" },
  { name: "a comment that hides", text: "before <!-- hidden --> after", sees: "hidden" },
  { name: "CDATA and instructions", text: "<![CDATA[<script>x</script>]]><?php x ?><!DOCTYPE html>", sees: "CDATA" },
  { name: "a template", text: "<template><script>x</script></template>", sees: "<template>" },
  { name: "an anchor in HTML", text: '<a href="javascript:alert(1)">x</a>', sees: "javascript:", links: 0 },
  { name: "video and audio", text: "<video src=https://evil.example/v onplay=x><audio src=x>", sees: "<video" },
  { name: "an unclosed tag", text: "<div onclick=alert(1) ", sees: "onclick" },
  { name: "a custom element", text: "<x-evil onload=1>hi</x-evil>", sees: "<x-evil" },
  {
    name: "a mutation through table and svg",
    text: "<table><svg><style><img src=x onerror=alert(1)></style></svg></table>",
    sees: "onerror",
  },
  {
    name: "a noscript mutation",
    text: '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    sees: "noscript",
  },
  // SVG and MathML
  {
    name: "an SVG that acts",
    text: '<svg onload="alert(1)"><animate onbegin=alert(1) attributeName=x></svg>',
    sees: "<svg",
  },
  {
    name: "an SVG with a foreign object",
    text: '<svg><foreignObject><iframe srcdoc="x"></iframe></foreignObject></svg>',
    sees: "foreignObject",
  },
  { name: "an SVG that uses another", text: '<svg><use href="data:image/svg+xml,x#a"/></svg>', sees: "<use" },
  { name: "MathML with a link", text: '<math><mtext href="javascript:alert(1)">x</mtext></math>', sees: "<math>" },
  // LaTeX
  { name: "\\href", text: "$\\href{javascript:alert(1)}{x}$", sees: "\\href", links: 0 },
  { name: "\\url", text: "\\(\\url{https://evil.example}\\)", sees: "\\url", links: 0 },
  {
    name: "\\includegraphics",
    text: "$$\\includegraphics[width=3em]{https://evil.example/x.png}$$",
    sees: "\\includegraphics",
  },
  {
    name: "\\htmlClass, \\htmlId, \\htmlStyle, \\htmlData",
    text: "$\\htmlClass{a}{x}\\htmlId{b}{x}\\htmlStyle{color:red}{x}\\htmlData{c=d}{x}$",
    sees: "\\htmlClass",
  },
  {
    name: "a macro that doubles itself",
    text: "$$\\def\\a{\\b\\b}\\def\\b{\\c\\c}\\def\\c{\\d\\d}\\def\\d{\\e\\e}\\def\\e{\\f\\f}\\def\\f{\\g\\g}\\def\\g{\\h\\h}\\def\\h{\\i\\i}\\def\\i{xx}\\a\\a\\a$$",
    sees: "\\def",
  },
  { name: "a macro that calls itself", text: "$$\\def\\a{\\a x}\\a$$", sees: "\\def" },
  {
    name: "\\gdef that would outlive its formula",
    text: "$\\gdef\\x{\\href{javascript:1}{y}}$ and $\\x$",
    sees: "\\x",
  },
  { name: "a rule as large as a house", text: "$\\rule{9999em}{9999em}$" },
  { name: "braces within braces", text: `$$${"{".repeat(300)}x${"}".repeat(300)}$$` },
  { name: "HTML in \\text", text: "$\\text{<img src=x onerror=alert(1)>}$", sees: "onerror" },
  { name: "a colour that is none", text: "$\\textcolor{url(javascript:1)}{x}$" },
  { name: "an unknown command", text: "$$\\evil{x}$$", sees: "\\evil" },
  // links by scheme
  ...[
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>1</script>",
    "file:///etc/passwd",
    "blob:https://x/y",
    "about:blank",
    "ftp://evil.example",
    "intent://x#Intent;end",
    "//evil.example/x",
    "/api/session",
    "#top",
    "view-source:https://x",
    "ws://evil.example",
    "tel:+331",
    "javascript://https://a.example/%0aalert(1)",
  ].map(
    (address): Case => ({
      name: `a link to ${address}`,
      text: `[click](${address})`,
      sees: "click",
      links: 0,
    }),
  ),
  {
    name: "a scheme in character references",
    text: "[x](&#106;avascript&#58;alert(1)) [y](javascript&colon;alert(1))",
    links: 0,
  },
  { name: "a scheme with a tab inside", text: "[x](<java\tscript:alert(1)>)", links: 0 },
  { name: "a scheme with a control inside", text: "[x](\u0001javascript:alert(1))", links: 0 },
  { name: "a scheme with a backslash", text: "[x](https:\\\\evil.example) [y](java\\script:alert(1))", links: 0 },
  {
    name: "a scheme in an automatic link",
    text: "<javascript:alert(1)> <data:text/html,x>",
    sees: "<javascript:",
    links: 0,
  },
  { name: "a scheme in a definition", text: "[x][a]\n\n[a]: javascript:alert(1)\n", sees: "[x]", links: 0 },
  {
    name: "a user name that looks like a host",
    text: "[x](https://bank.example@evil.example/) https://bank.example:443@evil.example",
    links: 0,
  },
  {
    name: "an override of direction in an address",
    text: "[x](https://evil.example/\u202egpj.exe)",
    sees: "U+202E",
    links: 0,
  },
  {
    name: "a text that names another host",
    text: "[https://bank.example](https://evil.example)",
    sees: "(evil.example)",
    links: 1,
  },
  { name: "a title with a handler", text: '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")', links: 1 },
  { name: "a host of look-alikes", text: "[x](https://аpple.com)", links: 1 },
  {
    name: "a mail with hidden copies",
    text: "[x](mailto:a@b.example?bcc=evil@c.example&attach=/etc/passwd)",
    links: 1,
  },
  { name: "a link in a link in a picture", text: "[![a](javascript:1) [b](https://b.example)](javascript:alert(1))" },
  // pictures
  { name: "a picture", text: "![cat](https://evil.example/pixel.png)", sees: "Image from evil.example" },
  { name: "a picture of data", text: "![x](data:image/svg+xml,<svg onload=alert(1)>)", sees: "![x]" },
  { name: "a picture in a link", text: "[![x](https://evil.example/a.png)](https://b.example)", links: 1 },
  {
    name: "a picture by reference",
    text: "![x][p]\n\n[p]: https://evil.example/p.png",
    sees: "Image from evil.example",
  },
  { name: "a picture whose name acts", text: '![" onerror="alert(1)](https://evil.example/a.png)', sees: "onerror" },
  // names
  { name: "a file name that turns around", text: "```python:invoice\u202efdp.exe\nx\n```", sees: "U+202E" },
  { name: "a file name of HTML", text: "```<img/src=x/onerror=alert(1)>\nx\n```", sees: "<img/src=x" },
  { name: "code that turns around", text: "```js\nif (a) {\u202e } // \u2066 ok\n```", sees: "U+202E" },
  { name: "text that turns around", text: "pay \u202e001\u202c now", sees: "U+202E" },
  { name: "unseen letters in code", text: "`ad\u200bmin` and `\u{e0041}\u{e0042}`", sees: "U+200B" },
  // inside one another
  {
    name: "HTML in every block",
    text: "# <script>\n\n> <img onerror=x>\n\n- <svg onload=x>\n\n| <a> | <b> |\n|---|---|\n| <iframe> | <object> |\n\n[^<x>]: <form>\n",
    sees: "<iframe>",
  },
  { name: "a label of HTML", text: 'text[^"><img/onerror=x>]\n\n[^"><img/onerror=x>]: note', sees: "note" },
  {
    name: "links in a table",
    text: "| [x](javascript:1) | ![y](data:x) |\n|---|---|\n| <javascript:1> | [z](vbscript:1) |\n",
    links: 0,
  },
  {
    name: "a fence in a list in a quote",
    text: "> - ```html\n>   <script>alert(1)</script>\n>   ```\n",
    sees: "<script>",
  },
  {
    name: "names of the prototype",
    text: "```__proto__\nx\n```\n\n[constructor][__proto__] $\\constructor$ &constructor; [^__proto__]\n\n[^__proto__]: a\n[__proto__]: https://a.example",
    sees: "constructor",
  },
  { name: "a nought byte", text: "a\u0000b <scr\u0000ipt> [x](java\u0000script:1)", links: 0 },
];

describe.each(CASES)("$name", ({ text, sees, links }) => {
  it("is harmless whole", () => {
    const requests = watchRequests();
    const container = show(text);
    expectHarmless(container);
    expect(requests()).toBe(0);
    if (sees !== undefined) expect(container.textContent).toContain(sees);
    if (links !== undefined) expect(container.querySelectorAll(".md-link")).toHaveLength(links);
  });

  it("is harmless at every moment of its arrival", () => {
    const requests = watchRequests();
    const { container, rerender } = render(answer("", true));
    for (const prefix of prefixes(text)) {
      rerender(answer(prefix, true));
      expectHarmless(container);
    }
    rerender(answer(text, false));
    expectHarmless(container);
    expect(requests()).toBe(0);
    if (sees !== undefined) expect(container.textContent).toContain(sees);
  });
});

it("has at least forty cases", () => {
  expect(CASES.length).toBeGreaterThanOrEqual(40);
});
