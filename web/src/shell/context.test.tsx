import { screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { furnish } from "@/test/dom";
import { json } from "@/test/fake-fetch";
import { openHouse, summary } from "@/test/house";
import { answer, conversation, question } from "@/thread/samples";

beforeEach(() => furnish());

test("what a model still gets is counted anew when the model or the system prompt is another", async () => {
  const one = summary(1);
  const whole = conversation(one.id, [question("q"), answer("a", "q")]);
  const { person, state } = openHouse(
    `/c/${one.id}`,
    { conversations: [one] },
    {
      "GET /api/conversations/:id": () => json({ ...whole, ...state.conversations[0] }),
      "GET /api/conversations/:id/context": () => {
        const settings = JSON.stringify(state.conversations[0]);
        const used = settings.includes("Be brief") ? 85 : settings.includes("large") ? 82 : 90;
        return json({ limit: 100, used, sent_from: null, dropped: [], images: 0, sounds: 0 });
      },
    },
  );
  await screen.findByText(/^90% of the model/);
  await person.click(screen.getByRole("button", { name: /Small/ }));
  await person.click(await screen.findByRole("menuitemradio", { name: /Large/ }));
  await screen.findByText(/^82% of the model/);
  await person.click(screen.getByRole("button", { name: "Settings of this conversation" }));
  await person.type(await screen.findByLabelText("System prompt"), "Be brief.");
  await person.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await screen.findByText(/^85% of the model/);
});
