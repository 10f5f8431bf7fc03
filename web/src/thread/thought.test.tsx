/** Thoughts of an answer on the page: one line that opens, left out of what is copied, and announced once. */
import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { furnish } from "@/test/dom";
import { show } from "@/test/thread";
import { Answer } from "./answer";
import { LiveRegion } from "./live-region";
import { memoryTransport } from "./memory-transport";
import { wholeOf } from "./merge";
import { answer, conversation, question } from "./samples";
import { createStore } from "./store";

beforeEach(() => furnish());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const never = (): Promise<never> => new Promise(() => {});

function shown(more: Parameters<typeof answer>[2], running = false) {
  const store = createStore({
    id: "c",
    exists: true,
    transport: memoryTransport({ ask: never, count: never, beginning: never }),
    schedule: (work) => {
      queueMicrotask(work);
      return () => {};
    },
    pause: async () => {},
  });
  const runs = running ? [{ id: "r", message: "a", state: "running" as const, seq: 1 }] : [];
  store.load(wholeOf(conversation("c", [question("q"), answer("a", "q", more)], runs)));
  show(
    store,
    <>
      <Answer id="a" onUndo={() => {}} />
      <LiveRegion />
    </>,
  );
  return store;
}

it("says how long it thought, and shows what only to whoever opens it", async () => {
  shown({ content: "8", thought: "Four and **four**.", thought_seconds: 7.6 });
  const line = screen.getByText("Thought for 8 s");
  expect(screen.queryByText("four")).toBeNull();
  await userEvent.setup().click(line);
  expect(await screen.findByText("four")).toBeTruthy();
});

it("copies the answer alone, and the thoughts where they are asked for", async () => {
  const person = userEvent.setup();
  vi.stubGlobal("ClipboardItem", class {});
  const copied = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  shown({ content: "8", thought: "Four\nand four.", thought_seconds: 1 });
  await person.click(screen.getByRole("button", { name: "Copy as Markdown" }));
  expect(copied).toHaveBeenLastCalledWith("8");
  await person.click(screen.getByRole("button", { name: "More" }));
  await person.click(await screen.findByRole("menuitem", { name: "Copy with thoughts" }));
  expect(copied).toHaveBeenLastCalledWith("> Four\n> and four.\n\n8");
});

it("stays open while more is thought, and tells a screen reader once that it thinks", async () => {
  const store = shown({ content: "", thought: "", state: "running", run: "r" }, true);
  const thinks = (thought: string) =>
    store.load(
      wholeOf(
        conversation(
          "c",
          [question("q"), answer("a", "q", { content: "", thought, state: "running", run: "r" })],
          [{ id: "r", message: "a", state: "running", seq: thought.length + 1 }],
        ),
      ),
    );
  thinks("First");
  await userEvent.setup().click(await screen.findByText("Thinking"));
  expect(await screen.findByText("First")).toBeTruthy();
  thinks("First, then");
  expect(await screen.findByText("First, then")).toBeTruthy();
  expect(screen.getAllByText("The model is thinking.")).toHaveLength(1);
});
