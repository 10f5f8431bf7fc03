import { act, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { LIMITS, SENSES } from "@/test/composer";
import { furnish } from "@/test/dom";
import { show, threadOf } from "@/test/thread";
import { Composer } from "./composer";
import { createUploads } from "./uploads";
import type { Draft } from "./use-draft";

beforeEach(() => furnish());

const name = (text: string | RegExp) => ({ name: text });

describe("the composer", () => {
  function draftOf(text: string): Draft {
    const nothing = (): void => {};
    const typed = { text, attachments: [] };
    return {
      key: "c",
      uploads: createUploads(async () => new Promise(() => {})),
      typed: () => typed,
      subscribe: () => nothing,
      setText: nothing,
      setFiles: nothing,
      addFiles: nothing,
      send: nothing,
      give: nothing,
      undo: nothing,
    };
  }
  const limits = { ...LIMITS, body_bytes: 10_000 };
  const senses = SENSES;

  it("sends with Enter, but not with Shift or while an input method composes", async () => {
    const user = userEvent.setup();
    let sent = 0;
    const base = { limits, senses, reading: false, refused: [], onFiles: () => {}, onStop: null, stopping: false };
    show(threadOf([]), <Composer {...base} draft={draftOf("hello")} onSend={() => ++sent} />);
    await user.click(screen.getByRole("textbox", name("Message")));
    await user.keyboard("{Shift>}{Enter}{/Shift}");
    fireEvent.keyDown(screen.getByRole("textbox", name("Message")), { key: "Enter", isComposing: true });
    expect(sent).toBe(0);
    await user.keyboard("{Enter}");
    expect(sent).toBe(1);
  });

  it("says the limits before anything is chosen, and why a file was refused", () => {
    const refused = [{ why: "large" as const, name: "log.txt", size: 600_000, most: 262_144 }];
    const base = {
      limits,
      senses,
      reading: false,
      refused,
      onFiles: () => {},
      onStop: null,
      stopping: false,
      onSend: () => {},
    };
    show(threadOf([]), <Composer {...base} draft={draftOf("")} />);
    expect(screen.getByRole("button", name(/Text files up to 256 kB, at most 4 files/))).toBeDefined();
    expect(screen.getByRole("alert").textContent).toContain(
      "log.txt was not attached: it is 586 kB, and 256 kB is the limit.",
    );
  });

  it("says how large pictures and sounds may be where the model takes them", () => {
    const base = {
      limits,
      reading: false,
      refused: [],
      onFiles: () => {},
      onStop: null,
      stopping: false,
      onSend: () => {},
    };
    const both = { sees: true, hears: true, model: "small" };
    show(threadOf([]), <Composer {...base} senses={both} draft={draftOf("")} />);
    const said = /at most 4 files a message\. Images up to 50 MB, made smaller where needed\. Sounds up to 4\.9 kB/;
    expect(screen.getByRole("button", name(said))).toBeDefined();
  });

  it("shows how far a sound is, does not send before it has arrived, and lets it be taken off", async () => {
    const user = userEvent.setup();
    let sent = 0;
    const told: ((bytes: number) => void)[] = [];
    const uploads = createUploads((_name, _file, onSent) => new Promise(() => void told.push(onSent)));
    const draft = { ...draftOf("hello"), uploads };
    const base = { limits, senses, reading: false, refused: [], onFiles: () => {}, onStop: null, stopping: false };
    show(threadOf([]), <Composer {...base} draft={draft} onSend={() => ++sent} />);
    act(() => uploads.add("c", [{ name: "a.wav", type: "audio/wav", content: new Blob(["12345678"]) }]));
    act(() => told[0]?.(4));
    expect(screen.getByRole("progressbar", name("a.wav is being uploaded")).getAttribute("value")).toBe("0.5");
    await user.click(screen.getByRole("textbox", name("Message")));
    await user.keyboard("{Enter}");
    expect(sent).toBe(0);
    await user.click(screen.getByRole("button", name("Do not attach a.wav")));
    expect(screen.queryByRole("progressbar")).toBeNull();
    await user.click(screen.getByRole("textbox", name("Message")));
    await user.keyboard("{Enter}");
    expect(sent).toBe(1);
  });

  it("offers to stop what runs, beside sending the next message", () => {
    const base = {
      limits,
      senses,
      refused: [],
      reading: false,
      onFiles: () => {},
      onStop: () => {},
      stopping: false,
      onSend: () => {},
    };
    const { rerender } = render(
      <TooltipProvider>
        <Composer {...base} draft={draftOf("")} />
      </TooltipProvider>,
    );
    expect(screen.queryByRole("button", name("Send"))).toBeNull();
    rerender(
      <TooltipProvider>
        <Composer {...base} draft={draftOf("next")} />
      </TooltipProvider>,
    );
    expect(screen.getByRole("button", name("Send"))).toBeDefined();
    expect(screen.getByRole("button", name("Stop"))).toBeDefined();
  });
});
