// @vitest-environment jsdom
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toRichText } from "./rich-text";

function parsed(html: string): Document {
  return new DOMParser().parseFromString(html, "text/html");
}

describe("an answer on the clipboard", () => {
  it("is HTML for programs that take it and plain text for those that do not", () => {
    const { html, plain } = toRichText(
      "# Title\n\nA **bold** [link](https://a.example)[^1].\n\n1. one\n2. two\n   - [x] inner\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```py\nx < 1\n```\n\n$x^2$\n\n[^1]: A note.\n",
    );
    expect(html).toBe(
      '<h1>Title</h1><p>A <strong>bold</strong> <a href="https://a.example/">link</a><sup>1</sup>.</p>' +
        '<ol start="1"><li>one</li><li>two<ul><li>☑ inner</li></ul></li></ol>' +
        '<table><thead><tr><th>a</th><th align="right">b</th></tr></thead><tbody><tr><td>1</td><td align="right">2</td></tr></tbody></table>' +
        "<pre><code>x &lt; 1</code></pre><p><code>$x^2$</code></p><hr><ol><li><p>A note.</p></li></ol>",
    );
    expect(plain).toBe(
      "Title\n\nA bold link (https://a.example/)[1].\n\n1. one\n2. two\n   - [x] inner\n\na\tb\n1\t2\n\nx < 1\n\n$x^2$\n\n[1] A note.",
    );
  });

  it("makes pictures links, which nothing fetches", () => {
    expect(toRichText("![cat](https://a.example/c.png) ![x](data:1)").html).toBe(
      '<p><a href="https://a.example/c.png">cat</a> ![x](data:1)</p>',
    );
  });

  it("holds no element, attribute or address of the text's own, whatever the text is", () => {
    const part = fc.constantFrom(
      "<script>",
      "<img src=x onerror=1>",
      '"',
      "'",
      "[x](",
      "javascript:1)",
      'https://a.example/"><b>)',
      "`",
      "```",
      "&lt;",
      "\n\n",
      "- ",
      "| a |\n|---|\n",
      "![",
      "](data:x)",
      "$",
      "text",
      "<!--",
      "]]>",
      "[^1]",
      "[^1]: ",
    );
    const allowed =
      "P H1 H2 STRONG EM S CODE BR A SUP PRE BLOCKQUOTE UL OL LI TABLE THEAD TBODY TR TH TD HR HTML HEAD BODY".split(
        " ",
      );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        for (const element of parsed(toRichText(parts.join("")).html).querySelectorAll("*")) {
          expect(allowed).toContain(element.tagName);
          for (const { name, value } of element.attributes) {
            expect(["href", "start", "align"]).toContain(name);
            if (name === "href") expect(value).toMatch(/^https:\/\/a\.example\//);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
