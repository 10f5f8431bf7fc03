import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { applyChange } from "./changes";
import { keys } from "./queries";

/** A conversation that is being watched, each of its fetches answered by hand. */
function watched() {
  const cache = new QueryClient();
  const answers: ((content: string) => void)[] = [];
  const queryFn = () => new Promise<string>((resolve) => answers.push(resolve));
  const observer = new QueryObserver(cache, { queryKey: keys.conversation("c"), queryFn });
  observer.subscribe(() => undefined);
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  return { cache, answers, settled, shown: () => observer.getCurrentResult().data };
}

for (const [name, happens] of [
  [
    "a run begins",
    (cache: QueryClient) => applyChange(cache, { type: "run.started", run: "r", conversation: "c", message: "m" }),
  ],
  ["it changes", (cache: QueryClient) => applyChange(cache, { type: "conversation.changed", id: "c" })],
  ["the stream of changes begins", (cache: QueryClient) => applyChange(cache, { type: "ready" })],
] as const) {
  it(`fetches a conversation once more where ${name} while its first fetch is on its way`, async () => {
    const { cache, answers, settled, shown } = watched();
    happens(cache);
    answers.shift()?.("before");
    await settled();
    answers.shift()?.("after");
    await settled();
    expect(shown()).toBe("after");
    expect(answers).toEqual([]);
  });
}

it("fetches nothing once more that came after the change", async () => {
  const { answers, settled, shown } = watched();
  answers.shift()?.("whole");
  await settled();
  expect([shown(), answers.length]).toEqual(["whole", 0]);
});
