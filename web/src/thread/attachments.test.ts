import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Chosen, type Limits, readFiles, refusal, sizeText } from "./attachments";

const limits: Limits = {
  attachment_bytes: 1024,
  attachments: 2,
  attachment_types: ["text/*", "application/json", ".py"],
};

function file(name: string, type: string, content: string | Uint8Array<ArrayBuffer>): Chosen {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { name, type, size: bytes.byteLength, bytes: async () => bytes.slice().buffer };
}

describe("attached files", () => {
  it("are taken by type or by ending, since systems disagree about types", async () => {
    const files = [file("a.md", "text/markdown; charset=utf-8", "# a"), file("B.PY", "", "print(1)")];
    expect(await readFiles(files, limits, 0)).toEqual({
      taken: [
        { name: "a.md", type: "text/markdown; charset=utf-8", text: "# a" },
        { name: "B.PY", type: "text/plain", text: "print(1)" },
      ],
      refused: [],
    });
  });

  it("are refused with the reason, before they are read where that is enough", () => {
    const of = (name: string, type: string, size: number, count = 0) => refusal({ name, type, size }, limits, count);
    expect(of("a.png", "image/png", 10)).toEqual({ why: "type", name: "a.png" });
    expect(of("a.txt", "text/plain", 2000)).toEqual({ why: "large", name: "a.txt", most: 1024, size: 2000 });
    expect(of("a.txt", "text/plain", 0)).toEqual({ why: "empty", name: "a.txt" });
    expect(of("a.txt", "text/plain", 10, 2)).toEqual({ why: "many", name: "a.txt", most: 2 });
    expect(of("a.txt", "text/plain", 1024)).toBeNull();
  });

  it("that only call themselves text are refused by their content", async () => {
    const files = [
      file("a.txt", "text/plain", new Uint8Array([0x50, 0x4b, 0xff, 0xfe])),
      file("b.txt", "text/plain", "a\0b"),
      { ...file("c.txt", "text/plain", "x"), bytes: () => Promise.reject(new Error("gone")) },
    ];
    const { taken, refused } = await readFiles(files, { ...limits, attachments: 9 }, 0);
    expect(taken).toEqual([]);
    expect(refused.map((one) => one.why)).toEqual(["binary", "binary", "unreadable"]);
  });

  it("in UTF-16 with its mark are text too", async () => {
    const { taken } = await readFiles(
      [file("a.txt", "text/plain", new Uint8Array([0xff, 0xfe, 0x42, 0x30]))],
      limits,
      0,
    );
    expect(taken[0]?.text).toBe("あ");
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
        const { taken, refused } = await readFiles(some, limits, attached);
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
