// The official TypeScript client against a server at ALIZE_URL: what it was given, as one JSON document on standard output.
import { Mistral } from "@mistralai/mistralai";

const { ALIZE_URL: serverURL, ALIZE_KEY: apiKey, ALIZE_TEST_MODEL: model } = process.env;
const client = new Mistral({ serverURL, apiKey });
const messages = [{ role: "user", content: "What is the capital of France?" }];
const sampling = { model, messages, temperature: 0, maxTokens: 20 };

async function failure(work) {
  try {
    await work();
  } catch (error) {
    return { name: error.name, status: error.statusCode, body: error.body, detail: error.detail };
  }
  return null;
}

const list = await client.models.list();
const card = await client.models.retrieve({ modelId: model });
const whole = await client.chat.complete(sampling);
const chunks = [];
for await (const event of await client.chat.stream(sampling)) chunks.push(event.data);

const embedded = await client.embeddings.create({ model: process.env.ALIZE_TEST_EMBEDDER, inputs: ["Where is my order?", "It rains."] });
const bits = await client.embeddings.create({
  model: process.env.ALIZE_TEST_EMBEDDER,
  inputs: "It rains.",
  outputDimension: 8,
  outputDtype: "binary",
});

console.log(
  JSON.stringify({
    models: list.data.map((each) => each.id),
    card: { id: card.id, type: card.type, chats: card.capabilities.completionChat },
    text: whole.choices[0].message.content,
    finish: whole.choices[0].finishReason,
    usage: whole.usage,
    streamed: chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""),
    streamedUsage: chunks.at(-1).usage,
    embedded: embedded.data.map((each) => Math.hypot(...each.embedding)),
    embeddedUsage: embedded.usage,
    bits: bits.data[0].embedding,
    unknownModel: await failure(() => client.chat.complete({ ...sampling, model: "nope" })),
    badField: await failure(() => client.chat.complete({ ...sampling, temperature: 9 })),
    badKey: await failure(() => new Mistral({ serverURL, apiKey: "nope" }).models.list()),
  }),
);
