import { screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { ChatCompletionRequest, ContextQuestion } from "@/api/schema";
import { furnish } from "@/test/dom";
import { json } from "@/test/fake-fetch";
import { ALIX, openHouse } from "@/test/house";

beforeEach(() => furnish());

test("a temporary chat that reaches no server says so in the person's language", async () => {
  const away = () => Promise.reject(new TypeError("failed to fetch"));
  const account = { ...ALIX, language: "fr" as const };
  const { person } = openHouse("/", { account }, { "POST /v1/chat/completions": away });
  await person.click(await screen.findByRole("button", { name: "Conversation éphémère" }));
  await person.type(await screen.findByRole("textbox", { name: "Message" }), "Bonjour{Enter}");
  expect(await screen.findByText(/La réponse a échoué\. Le serveur n’a pas répondu/)).toBeTruthy();
});

test("a temporary chat that outgrows its model goes on without its oldest turns, and says where what is sent begins", async () => {
  const said: ChatCompletionRequest[] = [];
  const { person } = openHouse(
    "/",
    {},
    {
      "POST /api/context": ({ body }) => {
        const ids = (body as ContextQuestion).messages.map(({ id }) => id);
        const dropped = ids.slice(0, -2).slice(0, 2);
        return json({ limit: 100, used: 90, sent_from: ids[dropped.length] ?? null, dropped, images: 0, sounds: 0 });
      },
      "POST /v1/chat/completions": ({ body }) => {
        said.push(body as ChatCompletionRequest);
        const chunk = { choices: [{ delta: { content: `Answer ${said.length}` }, finish_reason: "stop" }] };
        return new Response(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
      },
    },
  );
  await person.click(await screen.findByRole("button", { name: "Temporary chat" }));
  for (const number of [1, 2]) {
    await person.type(await screen.findByRole("textbox", { name: "Message" }), `Question ${number}{Enter}`);
    await screen.findByText(`Answer ${number}`, { selector: "article *" });
  }
  expect(await screen.findByText(/no longer sent/)).toBeTruthy();
  expect(said.map(({ messages }) => messages.map(({ content }) => content))).toEqual([
    ["Question 1"],
    ["Answer 1", "Question 2"],
  ]);
  expect(screen.getByRole("button", { name: "Show where" })).toBeTruthy();
});

test.each([
  ["what cannot be read", "nonsense", /La réponse a échoué\. La réponse est illisible/],
  ["an answer that was given up", '{"choices":[{"finish_reason":"error"}]}', /Le moteur a abandonné la réponse/],
  [
    "a reason",
    '{"object":"error","code":"engine_crashed","message":"Out."}',
    /Le moteur s’est arrêté.*«\sOut\.\s» \(texte du serveur, en anglais\)/,
  ],
])("a temporary chat that is sent %s says so in the person's language", async (_, data, words) => {
  const account = { ...ALIX, language: "fr" as const };
  const { person } = openHouse(
    "/",
    { account },
    { "POST /v1/chat/completions": () => new Response(`data: ${data}\n\n`) },
  );
  await person.click(await screen.findByRole("button", { name: "Conversation éphémère" }));
  await person.type(await screen.findByRole("textbox", { name: "Message" }), "Bonjour{Enter}");
  expect(await screen.findByText(words)).toBeTruthy();
});
