import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventParser } from "@/api/event-parser";
import type { RunEvent } from "@/api/types";
import { answer, question } from "./samples";
import { chatRequest, createChatReader } from "./temporary";

/** The bytes that the server's own tests pin down. */
const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../../tests/fixtures", `${name}.sse`), "utf8");

function eventsOf(stream: string, content = "", thought = ""): RunEvent[] {
  const reader = createChatReader({ content, thought }, () => 0);
  const events = createEventParser()
    .push(stream)
    .flatMap(({ data }) => reader.read(data));
  return [...events, ...reader.end()];
}
const textOf = (events: RunEvent[]): string =>
  events.map((event) => (event.type === "message.output.delta" ? event.content : "")).join("");

const NONE = { images: 0, sounds: 0, thoughts: false };

describe("a temporary chat", () => {
  it("asks with the path, the system prompt and the files, as kept conversations are", () => {
    const asked = {
      ...question("q", null, "Sum it up"),
      attachments: [{ name: "a.txt", type: "text/plain", text: "1 2", id: null }],
    };
    const path = [asked, answer("a", "q", { content: "3" }), question("q2", "a", "Sure?")];
    expect(chatRequest(path, "small", { system: "Be brief.", temperature: 0 }, NONE)).toEqual({
      model: "small",
      stream: true,
      temperature: 0,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "File a.txt:\n1 2\n\nSum it up" },
        { role: "assistant", content: "3" },
        { role: "user", content: "Sure?" },
      ],
    });
  });

  it("shows pictures to the model, before the words that were said with them", () => {
    const picture = { name: "a.png", type: "image/png", text: "data:image/png;base64,AA==", id: null };
    const first = {
      ...question("q", null, ""),
      attachments: [picture, { name: "a.txt", type: "text/plain", text: "1", id: null }],
    };
    const path = [first, question("q2", "q", "And?")];
    expect(chatRequest(path, "eyes", {}, { images: 1, sounds: 0, thoughts: false }).messages).toEqual([
      {
        role: "user",
        content: [
          { type: "image_url", image_url: picture.text },
          { type: "text", text: "File a.txt:\n1" },
          { type: "text", text: "And?" },
        ],
      },
    ]);
  });

  it("lets the model hear sounds, behind the pictures", () => {
    const sound = { name: "a.wav", type: "audio/wav", text: "data:audio/wav;base64,AA==", id: null };
    const asked = { ...question("q"), attachments: [sound] };
    expect(chatRequest([asked], "ears", {}, { images: 0, sounds: 1, thoughts: false }).messages).toEqual([
      {
        role: "user",
        content: [
          { type: "input_audio", input_audio: sound.text },
          { type: "text", text: "question q" },
        ],
      },
    ]);
  });

  it("says the names of earlier pictures and sounds that the model does not take, and sends all of the question", () => {
    const picture = (name: string) => ({ name, type: "image/png", text: `data:image/png;base64,${name}`, id: null });
    const sound = { name: "a.wav", type: "audio/wav", text: "data:audio/wav;base64,AA==", id: null };
    const path = [
      { ...question("q", null, "Look"), attachments: [picture("old"), picture("new"), sound] },
      answer("a", "q", { content: "Well" }),
      { ...question("q2", "a", "And?"), attachments: [picture("last"), sound] },
    ];
    const { messages } = chatRequest(path, "eyes", {}, { images: 2, sounds: 0, thoughts: false });
    expect(messages.map(({ content }) => content)).toEqual([
      [
        { type: "image_url", image_url: picture("new").text },
        { type: "text", text: "Image old: not shown.\n\nSound a.wav: not heard.\n\nLook" },
      ],
      "Well",
      [
        { type: "image_url", image_url: picture("last").text },
        { type: "input_audio", input_audio: sound.text },
        { type: "text", text: "And?" },
      ],
    ]);
  });

  it("goes on from an answer that was stopped, and leaves out those that never began: templates want turns", () => {
    const path = [
      question("q"),
      answer("a", "q", { content: "" }),
      question("q2", "a"),
      answer("b", "q2", { content: "Ah, " }),
    ];
    expect(chatRequest(path, "small", {}, NONE).messages).toEqual([
      { role: "user", content: "question q\n\nquestion q2" },
      { role: "assistant", content: "Ah, ", prefix: true },
    ]);
  });

  it("sends thoughts back where the model is asked with them, and nowhere else", () => {
    const thought = { type: "thinking", thinking: [{ type: "text", text: "One and one…" }], closed: true };
    const path = [
      question("q"),
      answer("a", "q", { content: "2", thought: "One and one…" }),
      question("q2", "a"),
      answer("b", "q2", { content: "3", thought: "" }),
      question("q3", "b"),
    ];
    const said = (thoughts: boolean) =>
      chatRequest(path, "small", {}, { ...NONE, thoughts }).messages.filter(({ role }) => role === "assistant");
    expect(said(true)).toEqual([
      { role: "assistant", content: [thought, { type: "text", text: "2" }] },
      { role: "assistant", content: "3" },
    ]);
    expect(said(false)).toEqual([
      { role: "assistant", content: "2" },
      { role: "assistant", content: "3" },
    ]);
  });

  it("does not think again what it goes on from", () => {
    const chunk = (content: unknown) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
    const thinking = (text: string) => chunk([{ type: "thinking", thinking: [{ type: "text", text }] }]);
    const events = eventsOf(thinking("h") + thinking("m") + chunk("Par") + chunk("is"), "Par", "hm");
    expect(events.filter(({ type }) => type === "message.thought.delta")).toEqual([]);
    expect(textOf(events)).toBe("is");
  });

  it("reads chunks of text, as an upstream may send them, and tells thoughts apart", () => {
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "Par" },
      null,
      { type: "text", text: 5 },
      { type: "text", text: "is" },
    ];
    const stream = [{ content }, { content: null }, { content: 7 }, {}]
      .map((delta) => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`)
      .join("");
    expect(textOf(eventsOf(stream))).toBe("Paris");
    const thoughts = eventsOf(stream).filter((event) => event.type === "message.thought.delta");
    expect(thoughts.map(({ content }) => content)).toEqual(["hm"]);
  });

  it("reads the fields in which other servers send thoughts", () => {
    const stream = [{ reasoning_content: "h" }, { reasoning: "m" }, { content: "Paris" }]
      .map((delta) => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`)
      .join("");
    const events = eventsOf(stream);
    expect(events.map((event) => ("content" in event ? event.content : ""))).toEqual(
      expect.arrayContaining(["h", "m", "Paris"]),
    );
    expect(textOf(events)).toBe("Paris");
  });

  it("reads the server's stream", () => {
    const events = eventsOf(fixture("chat"));
    expect(textOf(events)).toBe("Bonjour");
    expect(events.at(-1)).toMatchObject({
      type: "conversation.response.done",
      finish: "stop",
      usage: { completion_tokens: 8 },
    });
  });

  it("does not write again what it goes on from", () => {
    expect(textOf(eventsOf(fixture("chat-prefix"), "Ah, "))).toBe("Bonjour");
  });

  it("loses nothing of an answer that only begins like what it goes on from", () => {
    const chunk = (content: string, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason }] })}\n\n`;
    expect(textOf(eventsOf(chunk("P") + chunk("age") + chunk("", "stop"), "Par"))).toBe("Page");
    expect(textOf(eventsOf(chunk("P") + chunk("aris") + chunk("", "stop"), "Par"))).toBe("is");
    expect(textOf(eventsOf(chunk("P") + chunk("a", "length"), "Par"))).toBe("Pa");
    expect(textOf(eventsOf(chunk("Pa"), "Par"))).toBe("Pa"); // cut off
  });

  it("fails once with the server's words, and keeps what came before", () => {
    const events = eventsOf(fixture("chat-error"));
    expect(textOf(events)).toBe("Bon");
    expect(events.at(-1)).toMatchObject({ type: "conversation.response.error", code: "engine_crashed" });
  });

  it("fails, and keeps what came before, where the engine gave the answer up", () => {
    const reader = createChatReader({ content: "", thought: "" });
    const events = reader.read('{"choices":[{"delta":{"content":"Bon"},"finish_reason":"error"}]}');
    expect(textOf(events)).toBe("Bon");
    expect(events.at(-1)).toMatchObject({ type: "conversation.response.error", code: "engine_error" });
    expect(reader.end()).toEqual([]);
  });

  it("says that it was cut off when the stream ends without an end", () => {
    const half = fixture("chat").split("\n\n").slice(0, 2).join("\n\n");
    expect(eventsOf(`${half}\n\n`).at(-1)).toEqual({ type: "run.cut_off" });
  });

  it("ends exactly once, whatever is sent", () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "[DONE]",
        "null",
        "{}",
        '{"choices":[]}',
        '{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}',
      ),
    );
    fc.assert(
      fc.property(fc.array(line), fc.string({ maxLength: 3 }), (lines, content) => {
        const reader = createChatReader({ content, thought: "" }, () => 0);
        const events = [...lines.flatMap((data) => reader.read(data)), ...reader.end()];
        expect(events.filter((event) => event.type !== "message.output.delta")).toHaveLength(1);
      }),
    );
  });
});
