import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiFailure } from "@/api/failure";
import type { Message, RunEvent, Sampling } from "@/api/types";
import { LanguageContext } from "@/i18n";
import { furnish } from "@/test/dom";
import { fakeServer, json } from "@/test/fake-fetch";
import { modelCard } from "@/test/model-card";
import { never, show, threadOf } from "@/test/thread";
import { Answer } from "./answer";
import { LiveRegion } from "./live-region";
import { Question } from "./question";
import { answer, question } from "./samples";
import { runOf } from "./send";
import { SettingsPanel } from "./settings-panel";
import { useView } from "./thread-context";
import type { Transport } from "./transport";

beforeEach(() => furnish());

const name = (text: string | RegExp) => ({ name: text });
const noUndo = (): void => {};

describe("an answer", () => {
  const asked = question("q");
  const stands = (more: Partial<Message>) =>
    show(threadOf([asked, answer("a", "q", more)]), <Answer id="a" onUndo={noUndo} />);

  it("says model, tokens, speed and that nothing left the machine", () => {
    stands({ completion_tokens: 214, seconds: 7.1, first_token_seconds: 0.1 });
    expect(screen.getByText(/small · 214 tokens · 30 tok\/s ·/).textContent).toContain("stayed here");
    expect(screen.getByRole("heading", { name: "Answer by small" })).toBeDefined();
  });

  it("names the hosts that something was sent to", () => {
    stands({ served_by: "api.example", left: ["api.example"] });
    expect(screen.getByText("sent to api.example")).toBeDefined();
  });

  it("names a server beside this one, and claims no more of it than that", () => {
    stands({ served_by: "127.0.0.1:8080" });
    expect(screen.getByText(/small ·/).textContent).toBe("small · from 127.0.0.1:8080");
    cleanup();
    stands({ served_by: "127.0.0.1:8080", left: ["api.example"] });
    expect(screen.getByText(/small ·/).textContent).toBe("small · from 127.0.0.1:8080 · sent to api.example");
  });

  it("says how it ended, what was kept and what to do", () => {
    const cases: [Partial<Message>, RegExp, string][] = [
      [{ state: "stopped" }, /You stopped this answer. What was written is kept/, "Continue"],
      [{ state: "cut_off" }, /interrupted here. What was written is kept/, "Continue"],
      [{ state: "cut_off", content: "" }, /Your message is kept/, "Answer again"],
      [{ state: "failed", error: "No memory." }, /failed: No memory. What was written until then/, "Try again"],
      [{ finish: "length" }, /limit of tokens/, "Continue"],
    ];
    for (const [more, text, action] of cases) {
      stands(more);
      const note = screen.getByText(text).parentElement;
      expect(note && within(note).getByRole("button", name(action))).toBeDefined();
      cleanup();
    }
  });

  it("says in the person's language why it failed, also one that was kept", () => {
    const why = { error_reason: "question_too_long", error_values: { tokens: 3000, limit: 2048 } };
    const before: Partial<Message> = { state: "failed", error: "3000 tokens of 2048.", error_code: "3051" };
    const japanese = (failed: Message) =>
      show(
        threadOf([asked, failed]),
        <LanguageContext value="ja">
          <Answer id="a" onUndo={noUndo} />
        </LanguageContext>,
      );
    japanese(answer("a", "q", { ...before, ...why }));
    expect(screen.getByText(/3,000トークンあり、上限は2,048トークンです/)).toBeDefined();
    expect(screen.queryByText(/3000 tokens of 2048/)).toBeNull();
    cleanup();
    // One that was kept before there were reasons.
    japanese(answer("a", "q", before));
    expect(
      screen.getByText(/モデルが扱える長さを超えています：「3000 tokens of 2048\.」（サーバーの英文）/),
    ).toBeDefined();
  });

  it("offers to answer again in one place", () => {
    const ends: Partial<Message>[] = [
      { state: "stopped" },
      { state: "stopped", content: "" },
      { state: "cut_off", content: "" },
      { state: "failed", content: "", error: "No memory." },
      { state: "done" },
    ];
    for (const more of ends) {
      stands(more);
      expect(screen.getAllByRole("button", { name: /Answer again|Try again/ })).toHaveLength(1);
      cleanup();
    }
  });

  it("shows its text once while events repeat, and ends quietly", async () => {
    let tell: (event: RunEvent, seq: number) => void = () => {};
    const running = answer("a", "q", { state: "running", run: "r", content: "" });
    const follow: Transport["follow"] = (_run, _after, onEvent) => {
      tell = onEvent;
      return never();
    };
    const store = threadOf([asked, running], { follow }, [{ id: "r", message: "a" }]);
    store.open();
    show(
      store,
      <>
        <Answer id="a" onUndo={noUndo} />
        <LiveRegion />
      </>,
    );
    await act(async () => {
      for (const seq of [1, 1, 2, 1, 2])
        tell({ type: "message.output.delta", content: seq === 1 ? "One. " : "Two" }, seq);
    });
    expect(screen.getByRole("article").textContent).toContain("One. Two");
    expect(screen.getByRole("log").textContent).toBe("The answer begins.One.");
    await act(async () => tell({ type: "run.stopped", by: "person" }, 3));
    expect(screen.getByRole("log").textContent).toBe("The answer begins.One.TwoThe answer was stopped.");
  });
});

describe("what is read aloud", () => {
  it("is the next answer, where the one that was awaited was taken back before it was sent", async () => {
    let fail: (failure: unknown) => void = () => {};
    const store = threadOf([question("q"), answer("a", "q")], {
      send: () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    });
    show(store, <LiveRegion />);
    const typed = (text: string) => ({ text, attachments: [] });
    const [sent] = await act(async () => [store.send(typed("lost"))]);
    await act(async () => fail(new ApiFailure("No.", 400, "invalid_request_error")));
    await act(async () => void store.undo(sent === undefined ? "" : runOf(sent)));
    await act(async () => void store.send(typed("again")));
    expect(screen.getByRole("log").textContent).toBe("The answer begins.The answer begins.");
  });
});

function FirstTurn() {
  const first = useView((view) => view.thread.path[0] ?? "");
  return <Question key={first} id={first} />;
}

describe("a question", () => {
  it("is edited in place, and the edit is another version of it", async () => {
    const user = userEvent.setup();
    const store = threadOf([question("q"), answer("a", "q")], { send: never });
    show(
      store,
      <>
        <FirstTurn />
        <input id="composer" aria-label="Message" />
      </>,
    );
    await user.click(screen.getByRole("button", name("Edit")));
    const field = screen.getByRole("textbox", name("Edit your message"));
    await user.clear(field);
    await user.type(field, "better{Enter}");
    const { thread } = store.view();
    expect(thread.messages.get(thread.path[0] ?? "")?.content).toBe("better");
    expect(thread.messages.get("q")?.content).toBe("question q");
    expect(screen.getByText("2 / 2")).toBeDefined();
    // The field is gone; one goes on where one writes.
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("textbox", name("Message"))));
    await user.click(screen.getByRole("button", name("Previous version")));
    expect(store.view().thread.leaf).toBe("a");
    expect(screen.getByText("1 / 2")).toBeDefined();
    // The buttons are those of another message now: the keyboard stays where it was.
    expect(document.activeElement).toBe(screen.getByRole("button", name("Previous version")));
  });

  it("gives the keyboard back to its button where the edit is given up", async () => {
    const user = userEvent.setup();
    show(threadOf([question("q"), answer("a", "q")]), <FirstTurn />);
    await user.click(screen.getByRole("button", name("Edit")));
    await user.keyboard(" more{Escape}");
    expect(document.activeElement).toBe(screen.getByRole("button", name("Edit")));
  });

  it("keeps an edit that was begun while its row is out of the page, and leaves focus where it is then", async () => {
    const user = userEvent.setup();
    const store = threadOf([question("q"), answer("a", "q")], { send: never });
    const { unmount } = show(store, <FirstTurn />);
    await user.click(screen.getByRole("button", name("Edit")));
    await user.keyboard(", and more");
    unmount();
    show(store, <FirstTurn />);
    const field = screen.getByRole<HTMLTextAreaElement>("textbox", name("Edit your message"));
    expect(field.value).toBe("question q, and more");
    expect(document.activeElement).toBe(document.body);
    await user.click(screen.getByRole("button", name("Cancel")));
    await user.click(screen.getByRole("button", name("Edit")));
    expect(screen.getByRole<HTMLTextAreaElement>("textbox").value).toBe("question q");
  });

  it("opens a file that was sent with it, whose lines are counted as an editor does", async () => {
    const user = userEvent.setup();
    const files = [{ name: "notes.txt", type: "text/plain", text: "one\ntwo\nthree\n", id: null }];
    show(threadOf([{ ...question("q"), attachments: files }]), <Question id="q" />);
    await user.click(screen.getByRole("button", name("notes.txt 3 lines")));
    const dialog = screen.getByRole("dialog", name("notes.txt"));
    expect(within(dialog).getByText(/one\s+two\s+three/)).toBeDefined();
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("shows pictures and plays sounds from their own addresses", () => {
    const files = [
      { name: "a.png", type: "image/png", text: "", id: "att_1" },
      { name: "b.wav", type: "audio/wav", text: "", id: "att_2" },
      { name: "c.svg", type: "image/svg+xml", text: "<svg/>", id: null },
    ];
    show(threadOf([{ ...question("q"), attachments: files }]), <Question id="q" />);
    expect(screen.getByRole("img", name("a.png")).getAttribute("src")).toBe("/api/attachments/att_1");
    expect(screen.getByLabelText("b.wav").getAttribute("src")).toBe("/api/attachments/att_2");
    expect(screen.getByRole("button", name("c.svg 1 line"))).toBeDefined();
  });

  it("shows names that would lie about themselves as what they are", () => {
    const files = [{ name: "photo\u202egnp.exe", type: "text/plain", text: "x", id: null }];
    show(threadOf([{ ...question("q"), attachments: files }]), <Question id="q" />);
    expect(screen.queryByText(/\u202e/)).toBeNull();
    expect(screen.getByText("1 line")).toBeDefined();
  });
});

describe("the settings", () => {
  it("say what is wrong beside the field, by themselves and by the server, and are saved as a whole", async () => {
    const user = userEvent.setup();
    const saved: Sampling[] = [];
    const onSave = async (settings: Sampling): Promise<void> => {
      saved.push(settings);
      const fields = [{ field: "settings.temperature", message: "Too warm for this model." }];
      if (settings.temperature === 1.4) throw new ApiFailure("no", 422, "invalid", null, null, null, fields);
    };
    vi.stubGlobal(
      "fetch",
      fakeServer({
        "GET /v1/models": () => json({ object: "list", data: [modelCard("small", { default_max_tokens: 512 })] }),
      }).fetch,
    );
    show(
      threadOf([]),
      <QueryClientProvider client={new QueryClient()}>
        <SettingsPanel model="small" settings={{ top_p: 0.5 }} onSave={onSave} />
      </QueryClientProvider>,
    );
    await user.click(screen.getByRole("button", name("Settings of this conversation")));
    const field = await screen.findByLabelText("Temperature");
    // An empty field says what the model chooses.
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>("Longest answer").placeholder).toBe("512"));
    expect(screen.getByText("In tokens. By default, this model ends at 512.")).toBeDefined();
    const save = screen.getByRole("button", name("Save"));
    await user.type(field, "9");
    await user.click(save);
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(saved).toEqual([]);
    await user.clear(field);
    await user.type(field, "1,4");
    await user.click(save);
    expect(screen.getByText("This value is not taken: Too warm for this model.")).toBeDefined();
    await user.clear(field);
    await user.type(field, "1");
    await user.click(save);
    expect(saved.at(-1)).toEqual({ top_p: 0.5, temperature: 1 });
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});
