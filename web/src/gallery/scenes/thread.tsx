/** Conversations in every state: begun, written, stopped, cut off, refused, waiting, branched, very long, temporary. */
import type { Conversation, Message } from "@/api/types";
import { json, refused } from "@/test/fake-fetch";
import { summary } from "@/test/fake-house";
import { answer, conversation, question } from "@/thread/samples";
import { away, never, page, talk } from "../page";
import { press, type Scene, seen, type } from "../scene";
import { ARABIC, HEBREW, JAPANESE, LETTER, LONG_WORD } from "../texts";

const DONE = { model: "small", completion_tokens: 214, seconds: 7, first_token_seconds: 0.2, finish: "stop" } as const;

function named(title: string, messages: Message[], runs: Conversation["runs"] = []): Conversation {
  return { ...summary(1, { title, running: runs.length > 0 }), ...withoutNames(conversation("1", messages, runs)) };
}

function withoutNames({ settings, leaf, messages, runs, withdrawn }: Conversation) {
  return { settings, leaf, messages, runs, withdrawn };
}

const ASKED = question("q", null, "Compare what we paid for heat in the three buildings, and draft the letter.");
/** A hundredth of a second of nothing. */
const SILENCE = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQAAAAA=";
ASKED.attachments = [{ name: "energy-2026.csv", type: "text/csv", text: "building,cost\n".repeat(36), id: null }];
const WRITTEN = answer("a", "q", { ...DONE, content: LETTER });

/** One question after the other, each with the answer that is given. */
function turns(...answers: Partial<Message>[]): Message[] {
  const all: Message[] = [];
  for (const [number, more] of answers.entries()) {
    const asked = question(`q${number}`, number === 0 ? null : `a${number - 1}`, `Question ${number + 1}`);
    all.push(asked, answer(`a${number}`, asked.id, more));
  }
  return all;
}

const SOME = "The first sentence of the answer was written. The second one was ";
const ENDINGS = turns(
  { ...DONE, content: "All of it.", left: ["api.example.com"], served_by: "api.example.com", model: "large" },
  { ...DONE, content: "Computed beside.", served_by: "127.0.0.1:8080" },
  { content: SOME, state: "stopped" },
  { content: "", state: "stopped" },
  { content: SOME, state: "cut_off" },
  { content: "", state: "cut_off" },
  { content: SOME, state: "failed", error: `The engine ran out of memory. ${LONG_WORD}` },
  { content: "", state: "failed", error: "The engine ran out of memory." },
  { ...DONE, content: SOME, finish: "length" },
  { ...DONE, content: SOME, finish: "model_length" },
);
const THOUGHT = turns(
  {
    ...DONE,
    content: "Next Monday.",
    thought: "The last day is a **Sunday**.\n\nSo it moves to the day after.",
    thought_seconds: 8,
  },
  { content: "", thought: "Which of the two", thought_seconds: 2, state: "running", run: "r1" },
);
const RUNNING = turns(
  { content: `${SOME}\n\n| Building | 2026 |\n| --- | ---: |\n| Quay`, state: "running", run: "r0" },
  { content: "", state: "waiting", run: "r1", model: "" },
);
const BRANCHED = [
  question("q", null, "Which of the two?"),
  answer("a", "q", { ...DONE, content: "The first." }),
  answer("b", "q", { ...DONE, content: "The second." }),
  question("r", null, "Which of the three?"),
  answer("c", "r", { ...DONE, content: "None of them." }),
];

export const THREAD: readonly Scene[] = [
  { id: "thread-new", title: "Before the first question", mount: () => page("/"), until: "main section ul" },
  {
    id: "thread",
    title: "The conversation of the drawing",
    mount: () =>
      talk(named("Quarterly letter to tenants", [ASKED, WRITTEN]), {
        conversations: [
          summary(2, { title: "Why the nightly import fails", running: true }),
          summary(1500, { title: "Menu for twelve, no nuts" }),
          summary(1501, { title: "Lettre à la mairie" }),
        ],
      }),
    until: "figure [class*=md-tok]",
  },
  {
    id: "thread-endings",
    title: "Every way in which an answer ends",
    mount: () => talk(named("Endings", ENDINGS)),
    until: "article",
    tall: 2600,
  },
  {
    id: "thread-thought",
    title: "An answer that was thought about, opened, and one that is being thought about",
    mount: () => talk(named("Thoughts", THOUGHT, [{ id: "r1", message: "a1", state: "running", seq: 1 }])),
    act: async () => (await seen("article details summary")).click(),
    until: "article details[open] p",
  },
  {
    id: "thread-waiting",
    title: "Asked, and nothing written yet",
    mount: () =>
      talk(
        named("Waiting", turns({ content: "", state: "waiting", run: "r0", model: "" }), [
          { id: "r0", message: "a0", state: "waiting", seq: 0 },
        ]),
      ),
    until: ".breathing",
  },
  {
    id: "thread-running",
    title: "An answer is written, another waits its turn, and a message is typed",
    mount: () =>
      talk(
        named("Running", RUNNING, [
          { id: "r0", message: "a0", state: "running", seq: 1 },
          { id: "r1", message: "a1", state: "waiting", seq: 0 },
        ]),
      ),
    act: () => type("#composer", "And the year before?"),
    until: "article[aria-busy=true] table",
  },
  {
    id: "thread-not-sent",
    title: "The server refuses a message",
    mount: () =>
      talk(
        named("Not sent", turns({ ...DONE, content: "Yes." })),
        {},
        {
          "POST /api/conversations/:id/messages": () => refused(400, "The message is too long for the model."),
        },
      ),
    act: async () => {
      await type("#composer", "And the year before?");
      await press("composer.send");
    },
    until: "article [role=alert]",
  },
  {
    id: "thread-branched",
    title: "Versions of a question and of an answer; a question is edited",
    mount: () => talk({ ...named("Branches", BRANCHED), leaf: "b" }),
    act: () => press("message.edit"),
    until: "article form",
  },
  {
    id: "thread-long",
    title: "A long message, many files, a full context",
    mount: () => {
      const asked = question("q", null, `${LONG_WORD} `.repeat(20));
      asked.attachments = Array.from({ length: 8 }, (_, number) => ({
        name: `${number}-${LONG_WORD}.md`,
        type: "text/markdown",
        text: "line\n".repeat(number),
        id: null,
      }));
      return talk(
        named(LONG_WORD, [asked, WRITTEN]),
        {},
        {
          "GET /api/conversations/:id/context": () =>
            json({ limit: 8192, used: 8192, sent_from: "a", dropped: ["q"], images: 0, sounds: 0, thoughts: false }),
        },
      );
    },
    until: ".composer-foot [role=status]",
  },
  {
    id: "thread-heard",
    title: "A question with a sound, which can be played",
    mount: () => {
      const asked = question("q", null, "What is said here?");
      asked.attachments = [{ name: "voice-note.wav", type: "audio/wav", text: SILENCE, id: null }];
      return talk(named("A voice note", [asked, WRITTEN]));
    },
    until: "article audio",
  },
  {
    id: "thread-jump",
    title: "Somebody who reads above, and the way back",
    mount: () => talk(named("Long", turns(...Array.from({ length: 8 }, () => ({ ...DONE, content: LETTER }))))),
    act: async () => {
      await seen("article figure [class*=md-tok]");
      const above = await seen("main .overflow-y-auto");
      above.scrollTop = 0;
    },
    until: ".floats",
  },
  {
    id: "thread-drop",
    title: "Files hover over the conversation",
    mount: () => talk(named("Quarterly letter to tenants", [ASKED, WRITTEN])),
    act: async () => {
      await seen("article figure [class*=md-tok]");
      const files = new DataTransfer();
      files.items.add(new File(["a"], "notes.txt", { type: "text/plain" }));
      (await seen("main form")).dispatchEvent(new DragEvent("dragenter", { dataTransfer: files, bubbles: true }));
    },
    until: "main .border-dashed",
  },
  {
    id: "thread-away",
    title: "The server is gone in the middle of a conversation",
    mount: () =>
      talk(
        named("Quarterly letter to tenants", [ASKED, WRITTEN]),
        {},
        {
          // Gone once the conversation is there; whatever else came later would say that the server is back.
          "GET /api/changes": async () => {
            await seen("article figure [class*=md-tok]");
            return away();
          },
          "GET /api/conversations/:id/context": never,
          "GET /health": away,
        },
      ),
    act: () => type("#composer", "And the year before?"),
    until: ".bg-sun-soft",
  },
  {
    id: "thread-scripts",
    title: "Japanese, Arabic and Hebrew",
    mount: () =>
      talk(
        named("賃貸契約の要約", [
          question("q", null, "賃貸契約を要約してください。"),
          answer("a", "q", { ...DONE, content: JAPANESE }),
          question("r", "a", HEBREW),
          answer("b", "r", { ...DONE, content: ARABIC }),
        ]),
        { conversations: [summary(2, { title: "ملخص عقد الإيجار" })] },
      ),
    until: "article figure",
    foreign: true,
    tall: 1600,
  },
  {
    id: "thread-temporary",
    title: "A temporary chat",
    mount: () => page("/"),
    act: () => press("temporary.start"),
    until: "[aria-pressed=true]",
  },
  {
    id: "thread-files",
    title: "Files in the composer, one of them refused",
    mount: () => page("/"),
    act: async () => {
      const field = await seen("input[type=file]");
      if (!(field instanceof HTMLInputElement)) return;
      const chosen = new DataTransfer();
      chosen.items.add(new File(["a\nb"], "notes.txt", { type: "text/plain" }));
      chosen.items.add(new File(["x".repeat(2000)], `${LONG_WORD}.txt`, { type: "text/plain" }));
      chosen.items.add(new File(["\u0000"], "picture.png", { type: "image/png" }));
      field.files = chosen.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      await type("#composer", "What is in these?\n\nSay it in one sentence, please.");
    },
    until: "form [role=alert] p",
  },
  {
    id: "thread-settings",
    title: "The settings of a conversation, with a fault",
    mount: () => page("/"),
    act: async () => {
      await press("sampling.open");
      await type("[name=temperature]", "warm");
      await press("common.save");
    },
    until: "[role=dialog] [aria-invalid]",
  },
  {
    id: "thread-loading",
    title: "A conversation on its way",
    mount: () => talk(named("Slow", [ASKED]), {}, { "GET /api/conversations/:id": never }),
    until: "main [role=status]",
  },
  {
    id: "thread-gone",
    title: "A conversation that is not here",
    mount: () => page("/c/0000"),
    until: "main [role=alert]",
  },
];
