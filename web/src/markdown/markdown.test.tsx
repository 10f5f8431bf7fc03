import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HeadingLevelContext } from "./policy";
import { answer, expectHarmless, prefixes, show } from "./proof";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe("while an answer streams", () => {
  const FINISHED = "# Title\n\nA paragraph with ![a picture](https://a.example/x.png) in it.\n\n- one\n- two\n\n";

  it("renders finished blocks once, however many tokens follow", () => {
    // a picture asks the policy each time it is rendered: that counts the renderings of its block
    const image = vi.fn(() => ({ refused: "host" as const }));
    const { rerender } = render(answer(`${FINISHED}Next`, true, { image }));
    const policy = { image };
    rerender(answer(`${FINISHED}Next`, true, policy));
    image.mockClear();
    let text = `${FINISHED}Next`;
    for (let token = 0; token < 100; token++) {
      text += ` **word** ${token}`;
      rerender(answer(text, true, policy));
    }
    rerender(answer(text, false, policy));
    expect(image).not.toHaveBeenCalled();
  });

  it("touches nothing of the page but the last block", async () => {
    const { container, rerender } = render(answer(`${FINISHED}Next`, true));
    const touched: Node[] = [];
    const observer = new MutationObserver((records) => touched.push(...records.map((record) => record.target)));
    observer.observe(container, { subtree: true, childList: true, characterData: true, attributes: true });
    rerender(answer(`${FINISHED}Next words, and more`, true));
    await Promise.resolve();
    observer.disconnect();
    expect(touched.length).toBeGreaterThan(0);
    const last = container.querySelector(".md")?.lastElementChild;
    for (const node of touched) expect(last?.contains(node)).toBe(true);
  });

  it("keeps the element of a block that becomes finished", () => {
    const { container, rerender } = render(answer("```js\nlet a", true));
    const figure = container.querySelector("figure");
    rerender(answer("```js\nlet a = 1\n```\n\nAnd", true));
    rerender(answer("```js\nlet a = 1\n```\n\nAnd then.", false));
    expect(container.querySelector("figure")).toBe(figure);
  });

  it("never shows half a link as a link, nor the marks around it", () => {
    const text = "See [the docs](https://example.org/a) or https://example.org/bcd now.";
    const { container, rerender } = render(answer("", true));
    const seen = new Set<string>();
    for (const prefix of prefixes(text)) {
      rerender(answer(prefix, true));
      for (const link of container.querySelectorAll("a")) seen.add(link.href);
      expect(container.textContent).not.toMatch(/\]\(|\]$/);
    }
    expect([...seen]).toEqual(["https://example.org/a", "https://example.org/bcd"]);
  });

  it.each([
    ["**bold** and *soft* and `code`", /[*`]/],
    ["| a | b |\n|---|---|\n| 1 | 2 |\n", /\|/],
    ["```py\nx = 1\n```\n", /`/],
    ["- one\n- two\n- [ ] three", /[[\]]|^-|\n-/],
    ["A title\n\n## Below\n\nText", /#/],
    ["So \n\n$$\nx\n$$\n\nthen\n", /^\|/],
  ])("shows no mark of what is not closed yet: %j", (text, mark) => {
    const { container, rerender } = render(answer("", true));
    for (const prefix of prefixes(text)) {
      rerender(answer(prefix, true));
      expect(container.textContent).not.toMatch(mark);
    }
  });

  it("shows no heading where a list begins under a line", () => {
    const { container, rerender } = render(answer("", true));
    for (const prefix of prefixes("Two things:\n- one\n- two\n")) {
      rerender(answer(prefix, true));
      expect(container.querySelector("h3, hr")).toBeNull();
    }
  });
});

describe("an answer", () => {
  it("begins its headings one level under the turn's, whatever the model began with", () => {
    show("## First\n\n### Below\n\n# Above\n\n###### Deep");
    expect(screen.getAllByRole("heading").map((heading) => heading.tagName)).toEqual(["H3", "H4", "H3", "H6"]);
    cleanup();
    render(<HeadingLevelContext value={4}>{answer("# One\n\n## Two", false)}</HeadingLevelContext>);
    expect(screen.getAllByRole("heading").map((heading) => heading.tagName)).toEqual(["H5", "H6"]);
  });

  it("lets each block find its own direction, and writes code from the left", () => {
    const container = show("مرحبا\n\nhello\n\n- שלום\n\n```\nx\n```");
    expect([...container.querySelectorAll("p")].every((block) => block.getAttribute("dir") === "auto")).toBe(true);
    expect(container.querySelector("ul")?.dir).toBe("rtl");
    expect(container.querySelector("figure")?.getAttribute("dir")).toBe("ltr");
  });

  it("puts numbers of a table to the right unless it says otherwise", () => {
    const container = show("| House | Cost | Side |\n|---|---|:-:|\n| Quay | €21,900 | 1 |\n| Mill | €480 | 2 |\n");
    const classes = [...container.querySelectorAll("tbody tr:first-child td")].map((cell) => cell.className);
    expect(classes).toEqual(["", "md-cell-right", "md-cell-center"]);
  });

  it("has task lists that say their state, line breaks where the model made them, and <br> in cells", () => {
    const container = show("- [x] did\n- [ ] do\n\nRoses are red,\nviolets are blue.\n\n| a |\n|---|\n| 1<br>2 |\n");
    expect(screen.getByRole("checkbox", { name: "Done" })).toHaveProperty("checked", true);
    expect(screen.getByRole("checkbox", { name: "To do" })).toHaveProperty("checked", false);
    expect(container.querySelectorAll("p br, td br")).toHaveLength(2);
  });

  it("asks before a link leaves, and names the host", async () => {
    const user = userEvent.setup();
    show("Read [the page](https://example.org/a?b=c).");
    const link = screen.getByRole("link", { name: "the page" });
    expect(link.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    const left = vi.fn();
    document.addEventListener("click", (event) => left(event.defaultPrevented), { once: true });
    await user.click(link);
    expect(left).toHaveBeenCalledWith(true);
    const box = screen.getByRole("dialog", { name: "Open this link?" });
    expect(box.textContent).toContain("to example.org.");
    expect(box.textContent).toContain("https://example.org/a?b=c");
    const open = within(box).getByRole("link", { name: "Open" });
    expect(open.getAttribute("href")).toBe("https://example.org/a?b=c");
    expect(open.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(document.activeElement).toBe(link);
  });

  it("asks also when a link is opened with the middle button", () => {
    show("[x](https://example.org)");
    const event = new MouseEvent("auxclick", { bubbles: true, cancelable: true, button: 1 });
    act(() => void screen.getByRole("link").dispatchEvent(event));
    expect(event.defaultPrevented).toBe(true);
    expect(screen.getByRole("dialog")).toBeTruthy();
  });

  it("draws a picture as a box, with its host, its words and its whole address, and fetches it when told to", async () => {
    const user = userEvent.setup();
    show("![a cat](https://cats.example/1.png?told=secret)", {
      image: (url) => ({ source: `/api/outside?url=${encodeURIComponent(url)}` }),
    });
    const box = screen.getByRole("group", { name: "Image from cats.example" });
    expect(box.textContent).toContain("a cat");
    expect(box.textContent).toContain("https://cats.example/1.png?told=secret");
    expect(screen.queryByRole("img")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Show image from cats.example" }));
    const image = screen.getByRole("img", { name: "a cat" });
    expect(image.getAttribute("src")).toBe(
      `${window.location.origin}/api/outside?url=https%3A%2F%2Fcats.example%2F1.png%3Ftold%3Dsecret`,
    );
    fireEvent.load(image);
    expect(document.activeElement).toBe(screen.getByRole("img", { name: "a cat" }));
    expect(screen.queryByRole("group")).toBeNull();
  });

  it("says when a picture could not be loaded, and tries again when told to", async () => {
    const user = userEvent.setup();
    show("![](https://cats.example/1.png)", { image: () => ({ source: "/x" }) });
    await user.click(screen.getByRole("button", { name: "Show image from cats.example" }));
    fireEvent.error(screen.getByRole("img", { name: "Image from cats.example" }));
    expect(screen.getByText(/could not be loaded/)).toBeTruthy();
    expect(screen.queryByRole("img")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Try again: image from cats.example" }));
    expect(screen.getByRole("img")).toBeTruthy();
  });

  it.each([
    ["host", /server’s settings allow no images from cats.example/],
    ["offline", /asks nothing of the network/],
    ["port", /ports 80 and 443/],
  ] as const)("says why a picture is not fetched, and offers no button: %s", (refused, why) => {
    show("![a cat](https://cats.example/1.png)", { image: () => ({ refused }) });
    expect(screen.getByText(why)).toBeTruthy();
    expect(screen.queryByRole("button")).toBeNull();
  });

  it.each(["https://other.example/x", "//other.example/x", "data:image/png,x", "javascript:1", "http://["])(
    "asks no other host, whatever the page would have it ask: %s",
    (source) => {
      show("![a cat](https://cats.example/1.png)", { image: () => ({ source }) });
      expect(screen.queryByRole("button")).toBeNull();
    },
  );

  it("takes agreement for the one address it was given for", async () => {
    const user = userEvent.setup();
    const policy = { image: (url: string) => ({ source: `/x?url=${encodeURIComponent(url)}` }) };
    const { rerender } = render(answer("![a](https://cats.example/1.png)", true, policy));
    await user.click(screen.getByRole("button", { name: "Show image from cats.example" }));
    expect(screen.getByRole("img")).toBeTruthy();
    rerender(answer("![a](https://cats.example/2.png)", true, policy));
    expect(screen.queryByRole("img")).toBeNull();
  });

  it("sets footnotes at the end, in the order they are called in, and leads there and back", async () => {
    const user = userEvent.setup();
    const container = show(
      "Two[^b] and one[^a], two again[^b].\n\n[^a]: The first.\n\n[^b]: The second.\n\n[^c]: Never called.\n",
    );
    expect([...container.querySelectorAll(".md-call")].map((call) => call.textContent)).toEqual(["1", "2", "1"]);
    const notes = screen.getByRole("list", { name: "Footnotes" });
    expect([...notes.querySelectorAll("li > p")].map((note) => note.textContent)).toEqual([
      "The second.",
      "The first.",
      "Never called.",
    ]);
    const [first] = screen.getAllByRole("doc-noteref", { name: "Footnote 1" });
    if (!first) throw new Error("no call");
    Element.prototype.scrollIntoView = vi.fn();
    await user.click(first);
    expect(document.activeElement?.textContent).toContain("The second.");
    await user.click(screen.getByRole("doc-backlink", { name: "Back to the text, from footnote 1" }));
    expect(document.activeElement).toBe(first);
    expect(window.location.hash).toBe("");
  });

  it("shows the call of a note that never comes as it was written", () => {
    expect(show("a[^x] b[^y]\n\n[^y]: yes").querySelector("p")?.textContent).toBe("a[^x] b1");
  });

  it("copies code as it is, and colours it once the colours are there", async () => {
    const write = vi.fn<(items: unknown) => Promise<void>>(() => Promise.resolve());
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation(write);
    vi.stubGlobal("ClipboardItem", class {});
    const container = show("```py title=a.py\ndef f():\n    return 'x'  # \u202e\n```");
    expect(container.querySelector("figcaption")?.textContent).toBe("a.py");
    await user.click(screen.getByRole("button", { name: "Copy code" }));
    expect(write).toHaveBeenCalledWith("def f():\n    return 'x'  # \u202e");
    expect(screen.getByRole("button", { name: "Copied" })).toBeTruthy();
    vi.unstubAllGlobals();
    await waitFor(() => expect(container.querySelector(".md-tok-keyword")?.textContent).toBe("def"), {
      timeout: 10_000,
    });
    expect(container.querySelector("pre")?.textContent).toBe("def f():\n    return 'x'  # U+202E");
    expectHarmless(container);
  });

  it("colours code as it grows, line by line, without losing a letter", async () => {
    const code = "/* a\n   b */\nconst s = `x\ny`;\n";
    const text = `\`\`\`ts\n${code}\`\`\`\n`;
    const { container, rerender } = render(answer("```ts\n", true));
    for (const prefix of prefixes(text, 3)) {
      rerender(answer(prefix, true));
      await act(() => new Promise((done) => setTimeout(done)));
      expect(code.startsWith(container.querySelector("pre")?.textContent ?? "")).toBe(true);
    }
    rerender(answer(text, false));
    await waitFor(() => expect(container.querySelectorAll(".md-tok-comment")).toHaveLength(2), { timeout: 10_000 });
    expect(container.querySelector("pre")?.textContent).toBe(code.trimEnd());
  });

  it("folds very long code, but never under a reader who saw it being written", async () => {
    const user = userEvent.setup();
    const text = `\`\`\`\n${Array.from({ length: 300 }, (_, line) => `line ${line}`).join("\n")}\n\`\`\`\n`;
    const container = show(text);
    expect(container.textContent).not.toContain("line 299");
    await user.click(screen.getByRole("button", { name: "Show all 300 lines" }));
    expect(container.textContent).toContain("line 299");
    cleanup();
    const grown = render(answer(text.slice(0, 400), true));
    grown.rerender(answer(text, true));
    grown.rerender(answer(text, false));
    expect(grown.container.textContent).toContain("line 299");
  });

  it("sets formulas as MathML, and shows the source of one that cannot be set", async () => {
    const container = show(
      "So $x \\in \\mathbb{R}$, and\n\n$$\n\\begin{aligned}a &= b\\end{aligned}\n$$\n\n\\(\\frac{\\)",
    );
    await waitFor(() => expect(container.querySelectorAll("math")).toHaveLength(2));
    expect(container.querySelector("math")?.namespaceURI).toBe("http://www.w3.org/1998/Math/MathML");
    expect(container.querySelector("math")?.textContent).toBe("x∈ℝ");
    expect(container.querySelector("annotation")).toBeNull();
    expect(container.querySelector("mtd")?.getAttribute("class")).toContain("md-cell-right");
    const failed = container.querySelector("code.md-formula-source");
    expect(failed?.textContent).toBe("\\(\\frac{\\)");
    expect(failed?.getAttribute("title")).toMatch(/^This formula could not be set: /);
  });

  it("leaves prices alone", () => {
    const container = show("It costs $5 and $6, or US$7 to $10.");
    expect(container.querySelector(".md-formula")).toBeNull();
  });

  it("lays out a very long answer in portions", async () => {
    const user = userEvent.setup();
    const container = show("a **b** *c* `d`\n\n".repeat(6_000));
    const before = container.querySelectorAll("p").length;
    expect(before).toBeLessThan(6_000);
    await user.click(screen.getByRole("button", { name: "Show more of this answer" }));
    expect(container.querySelectorAll("p").length).toBeGreaterThan(before);
  }, 60_000);

  it("has no fault that axe can find", async () => {
    const container = show(
      "# Title\n\nText with [a link](https://a.example), `code`[^1] and ![p](https://a.example/p.png).\n\n> quote\n\n- [x] done\n\n1. one\n\n| a | b |\n|---|---|\n| x | 1 |\n\n```js\nx\n```\n\n---\n\n[^1]: note\n",
    );
    const page = document.createElement("main");
    page.innerHTML = "<h1>Page</h1><h2>Turn</h2>";
    document.body.append(page);
    page.append(container);
    const { violations } = await axe.run(page, { rules: { "color-contrast": { enabled: false } } }); // no layout here
    page.remove();
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  });
});
