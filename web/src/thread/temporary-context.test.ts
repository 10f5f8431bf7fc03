import { describe, expect, it } from "vitest";
import { ApiFailure } from "@/api/failure";
import type { ContextQuestion } from "@/api/types";
import { answer, question } from "./samples";
import { contextOf } from "./temporary-context";

const CHOSEN = { model: "small", settings: { system: "Be brief." } };
const path = [
  question("q1", null),
  answer("a1", "q1", { content: "1", thought: "hm" }),
  question("q2", "a1"),
  answer("a2", "q2", { content: "2" }),
  question("q3", "a2"),
];

/** A server that takes so many messages in one body, and leaves out as many turns as it is told. */
function counting(most: number, ...dropped: string[]) {
  const asked: ContextQuestion[] = [];
  const count = async (wanted: ContextQuestion) => {
    asked.push(wanted);
    if (wanted.messages.length > most) throw new ApiFailure("Too much.", 413, "invalid_request_error");
    return { limit: 100, used: 90, sent_from: "q2", dropped, images: 0, sounds: 0, thoughts: false };
  };
  return { count, asked };
}

describe("what a temporary chat's model is sent", () => {
  const { signal } = new AbortController();

  it("is counted by the server, with the settings and without what only the page knows", async () => {
    const { count, asked } = counting(9, "q1", "a1");
    expect((await contextOf(path, CHOSEN, count, signal)).dropped).toEqual(["q1", "a1"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ model: "small", settings: { system: "Be brief." }, continuing: false });
    expect(asked[0]?.messages[1]).toEqual({
      id: "a1",
      role: "assistant",
      content: "1",
      thought: "hm",
      attachments: [],
    });
  });

  it("leaves out the oldest turns where all of them are more than one body may hold", async () => {
    const { count, asked } = counting(3);
    expect(await contextOf(path, CHOSEN, count, signal)).toMatchObject({ dropped: ["q1", "a1"], sent_from: "q2" });
    expect(asked.map(({ messages }) => messages.length)).toEqual([5, 3]);
  });

  it("never leaves out the question, nor the answer that is gone on with", async () => {
    await expect(contextOf(path, CHOSEN, counting(0).count, signal)).rejects.toMatchObject({ status: 413 });
    const { count, asked } = counting(1);
    await expect(contextOf(path.slice(0, 4), CHOSEN, count, signal, true)).rejects.toMatchObject({ status: 413 });
    expect(asked.map(({ messages }) => messages.map(({ id }) => id)).at(-1)).toEqual(["q2", "a2"]);
  });
});
