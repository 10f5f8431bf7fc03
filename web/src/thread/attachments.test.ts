import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeText } from "@/i18n/amounts";
import { acceptOf, type Chosen, type Limits, readFiles, refusal, roomIn, type Taking } from "./attachments";

const limits: Limits = {
  attachment_bytes: 1024,
  attachments: 2,
  attachment_types: ["text/*", "application/json", ".py"],
  image_bytes: 2048,
  image_types: ["image/png", "image/jpeg"],
  audio_bytes: 5000,
  audio_types: ["audio/wav"],
  body_bytes: 4000,
};
const senses = { sees: true, hears: false, model: "Pixtral" };

function file(name: string, type: string, content: string | Uint8Array<ArrayBuffer>): Chosen {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { name, type, size: bytes.byteLength, bytes: async () => bytes.slice().buffer };
}

async function textIn(taken: Taking | undefined): Promise<string> {
  return taken?.content instanceof Blob ? taken.content.text() : "";
}

describe("attached files", () => {
  it("are taken by type or by ending, since systems disagree about types", async () => {
    const files = [file("a.md", "text/markdown; charset=utf-8", "# a"), file("B.PY", "", "print(1)")];
    expect(await readFiles(files, { limits, attached: 0 })).toEqual({
      taken: [
        { name: "a.md", type: "text/markdown; charset=utf-8", content: "# a" },
        { name: "B.PY", type: "text/plain", content: "print(1)" },
      ],
      refused: [],
    });
  });

  it("are refused with the reason, before they are read where that is enough", () => {
    const of = (name: string, type: string, size: number, count = 0) => refusal({ name, type, size }, limits, count);
    expect(of("a.gif", "image/gif", 10)).toEqual({ why: "type", name: "a.gif" });
    expect(refusal({ name: "a.gif", type: "image/gif", size: 10 }, limits, 0, senses)).toEqual({
      why: "typeSeeing",
      name: "a.gif",
    });
    expect(of("a.png", "image/png", 10)).toEqual({ why: "blind", name: "a.png", model: "" });
    expect(of("a.txt", "text/plain", 2000)).toEqual({ why: "large", name: "a.txt", most: 1024, size: 2000 });
    expect(of("a.txt", "text/plain", 0)).toEqual({ why: "empty", name: "a.txt" });
    expect(of("a.txt", "text/plain", 10, 2)).toEqual({ why: "many", name: "a.txt", most: 2 });
    expect(of("a.txt", "text/plain", 1024)).toBeNull();
  });

  it("that are pictures are taken where the model sees, made small enough, and refused by its name where it does not", async () => {
    const files = [file("a.png", "image/png", "pixels"), file("b.jpg", "image/jpeg", "broken")];
    const shrink = async (bytes: ArrayBuffer, type: string, most: number) =>
      new TextDecoder().decode(bytes) === "broken" ? null : new Blob([`${type}-${most}`], { type: "image/jpeg" });
    const { taken, refused } = await readFiles(files, { limits, attached: 0, senses, shrink });
    expect(taken).toMatchObject([{ name: "a.png", type: "image/jpeg" }]);
    expect(await textIn(taken[0])).toBe("image/png-2048");
    expect(refused).toEqual([{ why: "unreadable", name: "b.jpg" }]);
    const blind = { sees: false, hears: false, model: "SmolLM2" };
    expect((await readFiles(files, { limits, attached: 0, senses: blind, shrink })).refused).toEqual([
      { why: "blind", name: "a.png", model: "SmolLM2" },
      { why: "blind", name: "b.jpg", model: "SmolLM2" },
    ]);
    expect(acceptOf(limits, senses)).toBe("text/*,application/json,.py,image/png,image/jpeg");
    expect(acceptOf(limits, blind)).toBe("text/*,application/json,.py");
  });

  it("that are sounds are taken where the model hears, and refused by its name where it does not", async () => {
    const files = [file("a.wav", "audio/wav", "RIFF")];
    const hearing = { sees: false, hears: true, model: "Voxtral" };
    const [taken] = (await readFiles(files, { limits, attached: 0, senses: hearing })).taken;
    expect(taken).toMatchObject({ name: "a.wav", type: "audio/wav" });
    expect(await textIn(taken)).toBe("RIFF");
    expect((await readFiles(files, { limits, attached: 0, senses })).refused).toEqual([
      { why: "deaf", name: "a.wav", model: "Pixtral" },
    ]);
    const of = (name: string, type: string, size: number) => refusal({ name, type, size }, limits, 0, hearing);
    expect(of("a.wav", "audio/wav", 5001)).toEqual({ why: "large", name: "a.wav", most: 5000, size: 5001 });
    expect(of("a.m4a", "audio/mp4", 10)).toEqual({ why: "typeHearing", name: "a.m4a" });
    expect(of("a.png", "image/png", 10)).toEqual({ why: "blind", name: "a.png", model: "Voxtral" });
    expect(acceptOf(limits, hearing)).toBe("text/*,application/json,.py,audio/wav");
    const both = { ...hearing, sees: true };
    expect(refusal({ name: "a.m4a", type: "audio/mp4", size: 10 }, limits, 0, both)?.why).toBe("typeSeeingHearing");
  });

  it("that do not go into one request with the others are refused by a temporary chat before anything is sent", async () => {
    const sounds = ["a", "b"].map((name) => file(`${name}.wav`, "audio/wav", new Uint8Array(1200)));
    const hearing = { sees: false, hears: true, model: "Voxtral" };
    const there = [{ name: "c.txt", type: "text/plain", text: "x".repeat(100), id: null }];
    const room = roomIn(limits, there);
    expect(room).toBe(3500);
    const { taken, refused } = await readFiles(sounds, { limits, attached: 0, senses: hearing, room: room - 1000 });
    expect(taken.map(({ name }) => name)).toEqual(["a.wav"]);
    expect(refused).toEqual([{ why: "together", name: "b.wav", most: 4000 }]);
  });

  it("that only call themselves text are refused by their content", async () => {
    const files = [
      file("a.txt", "text/plain", new Uint8Array([0x50, 0x4b, 0xff, 0xfe])),
      file("b.txt", "text/plain", "a\0b"),
      { ...file("c.txt", "text/plain", "x"), bytes: () => Promise.reject(new Error("gone")) },
    ];
    const { taken, refused } = await readFiles(files, { limits: { ...limits, attachments: 9 }, attached: 0 });
    expect(taken).toEqual([]);
    expect(refused.map((one) => one.why)).toEqual(["binary", "binary", "unreadable"]);
  });

  it("in UTF-16 with its mark are text too", async () => {
    const { taken } = await readFiles([file("a.txt", "text/plain", new Uint8Array([0xff, 0xfe, 0x42, 0x30]))], {
      limits,
      attached: 0,
    });
    expect(taken[0]?.content).toBe("あ");
  });

  it("are either taken or refused, and never more than may be", async () => {
    const anyFile = fc.record({
      name: fc.string(),
      type: fc.constantFrom("text/plain", "image/png", ""),
      content: fc.uint8Array({ maxLength: 1500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyFile, { maxLength: 6 }), fc.nat(3), async (files, attached) => {
        const some = files.map(({ name, type, content }) => file(name, type, content.slice()));
        const { taken, refused } = await readFiles(some, { limits, attached });
        expect(taken.length + refused.length).toBe(files.length);
        expect(taken.length).toBeLessThanOrEqual(Math.max(0, limits.attachments - attached));
      }),
    );
  });

  it("have sizes in the reader's own words", () => {
    expect(sizeText(262_144, "en")).toBe("256 kB");
    expect(sizeText(1_572_864, "en")).toBe("1.5 MB");
  });
});
