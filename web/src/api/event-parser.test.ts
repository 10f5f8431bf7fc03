import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventParser, type StreamEvent } from "./event-parser";

function parsed(...parts: string[]): StreamEvent[] {
  const parser = createEventParser();
  return parts.flatMap((part) => parser.push(part));
}

test("fields, comments, empty lines and line ends of every kind", () => {
  expect(parsed("\uFEFFid: 1\nevent: a\ndata: x\n\n")).toEqual([{ id: "1", event: "a", data: "x" }]);
  expect(parsed(": ping\n\n\n")).toEqual([]);
  expect(parsed("data: a\r\rdata: b\r\n\r\n")).toEqual([
    { id: "", event: "message", data: "a" },
    { id: "", event: "message", data: "b" },
  ]);
  expect(parsed("data\n\ndata:\n\n").map(({ data }) => data)).toEqual(["", ""]);
  expect(parsed("data: one\ndata:  two\nunknown: x\n\n")[0]?.data).toBe("one\n two");
});

test("an id stays in force, an event name does not, and an id with a null is none", () => {
  const events = parsed("id: 7\nevent: a\ndata: x\n\ndata: y\n\nid: 8\u0000\ndata: z\n\n");
  expect(events.map(({ id, event }) => [id, event])).toEqual([
    ["7", "a"],
    ["7", "message"],
    ["7", "message"],
  ]);
});

test("what is unfinished at the end is no event", () => {
  expect(parsed("data: whole\n\ndata: half\n")).toHaveLength(1);
});

test("wherever the stream is cut, the events are the same", () => {
  const line = fc.constantFrom(
    "data: x",
    'data: {"a":1}',
    "id: 3",
    "event: e",
    ": c",
    "",
    "data",
    "nonsense",
    "data: é漢🙂",
  );
  const ending = fc.constantFrom("\n", "\r\n", "\r");
  const stream = fc.array(fc.tuple(line, ending), { maxLength: 30 });
  fc.assert(
    fc.property(stream, fc.array(fc.nat(200), { maxLength: 20 }), (lines, cuts) => {
      // A CR that ends the whole stream may be half of CR LF; what follows decides it.
      const text = `${lines.map(([one, end]) => one + end).join("")}:\n`;
      const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
      const parts = places.slice(1).map((place, at) => text.slice(places[at], place));
      expect(parsed(...parts)).toEqual(parsed(text));
    }),
  );
});
