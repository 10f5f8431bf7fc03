/** What reproduces an answer is offered in its menu, where the server keeps it. */
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { furnish } from "@/test/dom";
import { Answer } from "./answer";
import { memoryTransport } from "./memory-transport";
import { wholeOf } from "./merge";
import { answer, conversation, question } from "./samples";
import { createStore } from "./store";
import { ThreadContext } from "./thread-context";
import type { Transport } from "./transport";

beforeEach(() => furnish());
afterEach(cleanup);

const never = (): Promise<never> => new Promise(() => {});
const nowhere = memoryTransport({ ask: never, count: never, beginning: never });

async function menu(transport: Transport, more: Parameters<typeof answer>[2]): Promise<string[]> {
  const store = createStore({ id: "c", exists: true, transport });
  store.load(wholeOf(conversation("c", [question("q"), answer("a", "q", { content: "8", ...more })])));
  render(
    <TooltipProvider>
      <ThreadContext value={store}>
        <Answer id="a" onUndo={() => {}} />
      </ThreadContext>
    </TooltipProvider>,
  );
  await userEvent.setup().click(screen.getByRole("button", { name: "More" }));
  return (await screen.findAllByRole("menuitem")).map((item) => item.textContent ?? "");
}

it("is a file to take away", async () => {
  expect(await menu({ ...nowhere, kept: true }, {})).toContain("Replay record");
  const link = screen.getByRole("menuitem", { name: "Replay record" });
  expect(link.getAttribute("href")).toMatch(/\/api\/messages\/a\/replay$/);
  expect(link.hasAttribute("download")).toBe(true);
});

it("is not offered of a chat that is kept nowhere, nor of what an upstream answered", async () => {
  expect(await menu(nowhere, {})).not.toContain("Replay record");
  cleanup();
  expect(await menu({ ...nowhere, kept: true }, { served_by: "api.example" })).not.toContain("Replay record");
});
