import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { ToastProvider } from "@/components/toast";
import { TooltipProvider } from "@/components/tooltip";
import { furnish } from "@/test/dom";
import { Composer } from "./composer";
import { memoryTransport } from "./memory-transport";
import { createStore } from "./store";
import { ThreadContext } from "./thread-context";
import { useDraft } from "./use-draft";
import { useFiles } from "./use-files";

beforeEach(() => furnish());

const limits = {
  attachment_bytes: 262_144,
  attachments: 4,
  attachment_types: ["text/*"],
  image_bytes: 1000,
  image_types: ["image/png"],
  audio_bytes: 5000,
  audio_types: ["audio/wav"],
  body_bytes: 1_000_000,
};
const senses = { sees: false, hears: false, model: "small" };

function Writing() {
  const draft = useDraft();
  const files = useFiles(draft, limits, senses);
  return (
    <Composer
      draft={draft}
      limits={limits}
      senses={senses}
      refused={files.refused}
      reading={files.reading}
      onFiles={files.add}
      onSend={draft.send}
      onStop={null}
      stopping={false}
    />
  );
}

test("a question that is sent while its file is still being read waits for it", async () => {
  const never = (): Promise<never> => new Promise(() => {});
  const transport = memoryTransport({ ask: never, count: never, beginning: never });
  const store = createStore({ id: "c", exists: false, transport });
  store.open();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ToastProvider>
        <TooltipProvider>
          <ThreadContext value={store}>
            <Writing />
          </ThreadContext>
        </TooltipProvider>
      </ToastProvider>
    </QueryClientProvider>,
  );
  const user = userEvent.setup();
  let arrive = (_: ArrayBuffer): void => {};
  const file = new File(["1 2"], "a.txt", { type: "text/plain" });
  file.arrayBuffer = () => new Promise((done) => (arrive = done));
  fireEvent.paste(screen.getByRole("textbox", { name: "Message" }), {
    clipboardData: { files: [file], types: ["Files"] },
  });
  await user.type(screen.getByRole("textbox", { name: "Message" }), "Sum it up{Enter}");
  expect(store.view().thread.path).toEqual([]);
  expect(screen.getByRole("button", { name: /waits for the files/ }).getAttribute("aria-disabled")).toBe("true");
  await act(async () => arrive(new Uint8Array([49, 32, 50]).buffer));
  await screen.findByRole("button", { name: "Remove a.txt" });
  await user.type(screen.getByRole("textbox", { name: "Message" }), "{Enter}");
  await waitFor(() => expect(store.view().thread.path).toHaveLength(2));
  const [asked] = store.view().thread.path.map((id) => store.view().thread.messages.get(id));
  expect(asked).toMatchObject({ content: "Sum it up", attachments: [{ name: "a.txt", text: "1 2" }] });
});
