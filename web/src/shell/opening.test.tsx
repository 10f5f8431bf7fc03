import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { furnish } from "@/test/dom";
import { json } from "@/test/fake-fetch";
import { openHouse, summary } from "@/test/house";
import { answer, conversation, question } from "@/thread/samples";

beforeEach(() => furnish());

test("messages are asked for when the button goes down, once, and not by the button that opens a menu", async () => {
  const one = summary(1);
  const asked = vi.fn(() => json({ ...conversation(one.id, [question("q"), answer("a", "q")]), ...one }));
  const { person } = openHouse("/", { conversations: [one] }, { "GET /api/conversations/:id": asked });
  const link = await screen.findByRole("link", { name: "Conversation 1" });
  fireEvent.pointerDown(link, { button: 2 });
  expect(asked).not.toHaveBeenCalled();
  fireEvent.pointerDown(link, { button: 0 });
  await waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
  await person.click(link);
  await screen.findByText("answer a");
  expect(asked).toHaveBeenCalledTimes(1);
});

test("turns are laid out once while nothing else is to be done, out of sight", async () => {
  const made = vi.spyOn(document, "createElement");
  openHouse("/");
  await screen.findByRole("textbox", { name: /message/i });
  const articles = () => made.mock.results.map(({ value }) => value).filter((one) => one?.tagName === "ARTICLE");
  await waitFor(() => expect(articles()).toHaveLength(2), { timeout: 5_000 });
  expect(articles().some((one) => one.isConnected)).toBe(false);
  expect(screen.queryByRole("article")).toBeNull();
});
