import { screen } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { furnish } from "@/test/dom";
import { ALIX, openHouse } from "@/test/house";

beforeEach(() => furnish());

test("a temporary chat that reaches no server says so in the person's language", async () => {
  const away = () => Promise.reject(new TypeError("failed to fetch"));
  const account = { ...ALIX, language: "fr" as const };
  const { person } = openHouse("/", { account }, { "POST /v1/chat/completions": away });
  await person.click(await screen.findByRole("button", { name: "Conversation éphémère" }));
  await person.type(await screen.findByRole("textbox", { name: "Message" }), "Bonjour{Enter}");
  expect(await screen.findByText(/La réponse a échoué : Le serveur n’a pas répondu/)).toBeTruthy();
});
