import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { ToastProvider } from "@/components/toast";
import { TooltipProvider } from "@/components/tooltip";
import { LIMITS, SENSES } from "@/test/composer";
import { furnish } from "@/test/dom";
import { Composer } from "./composer";
import { memoryTransport } from "./memory-transport";
import { createStore } from "./store";
import { ThreadContext } from "./thread-context";
import { useDraft } from "./use-draft";
import { useFiles } from "./use-files";

beforeEach(() => furnish());

function Writing({ known }: { known: boolean }) {
  const draft = useDraft();
  const files = useFiles(draft, known ? LIMITS : undefined, SENSES);
  return (
    <Composer
      draft={draft}
      limits={LIMITS}
      senses={SENSES}
      refused={files.refused}
      reading={files.reading}
      onFiles={files.add}
      onSend={draft.send}
      onStop={null}
      stopping={false}
    />
  );
}

/** The composer of a chat whose model never answers. */
function writing(known = true) {
  const never = (): Promise<never> => new Promise(() => {});
  const transport = memoryTransport({ ask: never, count: never, beginning: never });
  const store = createStore({ id: "c", exists: false, transport });
  store.open();
  const client = new QueryClient();
  const page = (known: boolean) => (
    <QueryClientProvider client={client}>
      <ToastProvider>
        <TooltipProvider>
          <ThreadContext value={store}>
            <Writing known={known} />
          </ThreadContext>
        </TooltipProvider>
      </ToastProvider>
    </QueryClientProvider>
  );
  const { rerender } = render(page(known));
  const field = screen.getByRole("textbox", { name: "Message" });
  const paste = (...files: File[]): void => {
    fireEvent.paste(field, { clipboardData: { files, types: ["Files"] } });
  };
  return { store, field, paste, know: () => rerender(page(true)) };
}

/** A file that is being read until it `arrive`s. */
function slow(name: string): { file: File; arrive: () => void } {
  let arrive = (): void => {};
  const bytes = new Promise<ArrayBuffer>((done) => {
    arrive = () => done(new Uint8Array([49, 32, 50]).buffer);
  });
  const file = new File(["1 2"], name, { type: "text/plain" });
  file.arrayBuffer = () => bytes;
  return { file, arrive };
}

test("a question that is sent while its file is still being read waits for it", async () => {
  const { store, field, paste } = writing();
  const user = userEvent.setup();
  const { file, arrive } = slow("a.txt");
  paste(file);
  await user.type(field, "Sum it up{Enter}");
  expect(store.view().thread.path).toEqual([]);
  expect(screen.getByRole("button", { name: /waits for the files/ }).getAttribute("aria-disabled")).toBe("true");
  await act(async () => arrive());
  await screen.findByRole("button", { name: "Remove a.txt" });
  await user.type(field, "{Enter}");
  await waitFor(() => expect(store.view().thread.path).toHaveLength(2));
  const [asked] = store.view().thread.path.map((id) => store.view().thread.messages.get(id));
  expect(asked).toMatchObject({ content: "Sum it up", attachments: [{ name: "a.txt", text: "1 2" }] });
});

test("files that come while others are being read stand behind them, and no more than a message may have", async () => {
  const { paste } = writing();
  const [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map((name) => slow(`${name}.txt`));
  if (!a || !b || !c || !d || !e || !f) throw new Error("There are six.");
  for (const one of [b, c, d, e, f]) one.arrive();
  paste(a.file, b.file, c.file);
  paste(d.file, e.file, f.file);
  await act(async () => a.arrive());
  await waitFor(() => expect(screen.getAllByText(/was not attached: at most 4 files/)).toHaveLength(2));
  const names = screen.getAllByRole("button", { name: /^Remove/ }).map((one) => one.getAttribute("aria-label"));
  expect(names).toEqual(["Remove a.txt", "Remove b.txt", "Remove c.txt", "Remove d.txt"]);
});

test("a file that is chosen before it is known what the model takes waits for that", async () => {
  const { paste, know } = writing(false);
  const { file, arrive } = slow("a.txt");
  arrive();
  await act(async () => paste(file, new File(["RIFF"], "said.wav", { type: "audio/wav" })));
  expect(screen.queryByText(/was not attached/)).toBeNull();
  await act(async () => know());
  await screen.findByRole("button", { name: "Remove a.txt" });
  await screen.findByText("said.wav was not attached: small cannot hear.");
});
