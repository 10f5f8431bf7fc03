import { screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { furnish } from "@/test/dom";
import { json, refused } from "@/test/fake-fetch";
import { openHouse, summary } from "@/test/house";

/** Characters that the server takes. */
const LONGEST = 200;

const hit = (number: number) => ({
  conversation: summary(1).id,
  title: "Bees",
  message: number.toString(16).padStart(32, "0"),
  created: summary(number).created,
  excerpt: `bee ${number}`,
  marks: [],
});

function openSearch(path: string) {
  const found = Array.from({ length: 130 }, (_, number) => hit(number));
  return openHouse(
    path,
    {},
    {
      "GET /api/search": ({ query }) => {
        if ((query.get("q") ?? "").length > LONGEST) return refused(422, "Too much is asked for.");
        const from = Number(query.get("after") ?? 0);
        const end = from + Number(query.get("limit"));
        const more = end < found.length;
        return json({ object: "list", data: found.slice(from, end), has_more: more, next: more ? String(end) : null });
      },
    },
  );
}

beforeEach(() => furnish());

test("every hit can be seen: more are shown as long as the server has more", async () => {
  const { person } = openSearch("/search?q=bee");
  const links = () => screen.getAllByRole("link", { name: /Bees/ });
  await screen.findByText("30 results");
  for (const count of [60, 90, 120, 130]) {
    await person.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(() => expect(links()).toHaveLength(count));
  }
  expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
});

test("no more is typed than the server looks for", async () => {
  const { person } = openSearch("/search");
  await person.click(await screen.findByRole("searchbox", { name: "Search conversations" }));
  await person.paste("b".repeat(LONGEST + 1));
  await screen.findByText("30 results");
  await person.keyboard("{Control>}k{/Control}");
  await person.click(await screen.findByRole("combobox"));
  await person.paste("b".repeat(LONGEST + 1));
  expect(await screen.findAllByRole("option", { name: /Bees/ })).not.toHaveLength(0);
});
