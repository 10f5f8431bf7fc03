import { describe, expect, it } from "vitest";
import type { ChatCompletionRequest } from "@/api/schema";
import type { Message, Sampling } from "@/api/types";
import { memoryTransport } from "./memory-transport";
import { type Send, sendContinue, sendMessage, sendRegenerate } from "./send";

const nothing = (): void => undefined;

/** A chat with a model that is asked with 0 where the settings say nothing, and whose answers are cut off. */
function chat(settings: Sampling = {}, temperature: number | null = 0) {
  const asked: ChatCompletionRequest[] = [];
  const model = { name: "small" };
  const transport = memoryTransport({
    async ask(body) {
      asked.push(body as ChatCompletionRequest);
      const end = { choices: [{ delta: { content: "Paris" }, finish_reason: "length" }] };
      return new Response(`data: ${JSON.stringify(end)}\n\n`);
    },
    count: async () => ({
      limit: 2048,
      used: 9,
      sent_from: null,
      dropped: [],
      images: 0,
      sounds: 0,
      thoughts: false,
    }),
    beginning: async () => ({ model: model.name, settings, temperature }),
  });
  /** Sends, and gives the answer once it has ended. */
  async function answered(send: Send): Promise<Message> {
    const { messages } = await transport.send(send);
    const answer = messages.at(-1);
    await transport.follow(answer?.run ?? "", 0, nothing, new AbortController().signal, nothing);
    const made = (await transport.reload()).messages.find(({ id }) => id === answer?.id);
    if (!made) throw new Error("There is no answer.");
    return made;
  }
  const warmths = () => asked.map(({ temperature: sent }) => sent);
  return { answered, warmths, model, hello: sendMessage({ text: "Capital?", attachments: [] }, null) };
}

describe("another answer of a temporary chat", () => {
  it("is drawn warmer where the model would give the same again, also when it is gone on with", async () => {
    const { answered, warmths, hello } = chat();
    const first = await answered(hello);
    const second = await answered(sendRegenerate(first));
    await answered(sendContinue(second));
    await answered(sendContinue(first));
    expect(warmths()).toEqual([undefined, 0.7, 0.7, undefined]);
  });

  it("keeps to what the person chose, and to what the model is asked with where that is not 0", async () => {
    for (const { answered, warmths, hello } of [chat({ temperature: 0 }), chat({}, 0.3), chat({}, null)]) {
      await answered(sendRegenerate(await answered(hello)));
      const [first, second] = warmths();
      expect(second).toBe(first);
    }
  });

  it("is drawn as the first one where another model gave that", async () => {
    const { answered, warmths, model, hello } = chat();
    const first = await answered(hello);
    model.name = "large";
    await answered(sendRegenerate(first));
    expect(warmths()).toEqual([undefined, undefined]);
  });
});
