import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faultsSaid, formOf, settingsOf } from "./settings";

const empty = formOf({});

describe("the settings form", () => {
  it("leaves to the model what is empty", () => {
    expect(settingsOf({ ...empty, system: "  ", stop: "\n\n" })).toEqual({ settings: {}, faults: {} });
  });

  it("reads numbers as people write them", () => {
    const { settings, faults } = settingsOf({ ...empty, temperature: " 0,7 ", seed: "42", presence_penalty: "-.5" });
    expect(faults).toEqual({});
    expect(settings).toEqual({ temperature: 0.7, seed: 42, presence_penalty: -0.5 });
  });

  it("counts characters as the server does, which are two units each where they are rare", () => {
    expect(settingsOf({ ...empty, system: "🐝".repeat(32_000), stop: "🐝".repeat(1000) }).faults).toEqual({});
    expect(settingsOf({ ...empty, stop: "x".repeat(1001) }).faults).toEqual({
      stop: { kind: "stop-length", most: 1000 },
    });
  });

  it("takes line breaks inside a stop text as they are usually written", () => {
    expect(settingsOf({ ...empty, stop: "\\n\\nUser:\nEND" }).settings.stop).toEqual(["\n\nUser:", "END"]);
  });

  it("says what is wrong at each field", () => {
    const { faults } = settingsOf({
      ...empty,
      temperature: "2",
      top_p: "0",
      top_k: "1.5",
      seed: "1e3",
      min_p: "much",
      max_tokens: "1000001",
      stop: "x\n".repeat(17),
      system: "🐝".repeat(32_001),
    });
    expect(faults).toEqual({
      max_tokens: { kind: "range", least: 1, most: 1_000_000 },
      system: { kind: "long", most: 32_000 },
      temperature: { kind: "range", least: 0, most: 1.5 },
      top_p: { kind: "range", least: 0, most: 1 },
      top_k: { kind: "whole" },
      seed: { kind: "number" },
      min_p: { kind: "number" },
      stop: { kind: "stops", most: 16 },
    });
  });

  it("puts the server's complaints beside their fields", () => {
    const said = [
      { field: "settings.top_p", text: "too small" },
      { field: "model", text: "unknown" },
    ];
    expect(faultsSaid(said)).toEqual({ faults: { top_p: { kind: "said", text: "too small" } }, rest: ["unknown"] });
  });

  it("gives back what it was given", () => {
    const some = fc.record(
      {
        system: fc.string().filter((text) => text.trim() !== ""),
        temperature: fc.integer({ min: 0, max: 15 }).map((n) => n / 10),
        max_tokens: fc.integer({ min: 1, max: 9999 }),
        stop: fc.array(fc.string({ minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 16 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, (settings) => {
        expect(settingsOf(formOf(settings))).toEqual({ settings, faults: {} });
      }),
    );
  });

  it("takes or faults whatever is typed, and never both", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { settings, faults } = settingsOf({ ...empty, temperature: text });
        expect("temperature" in settings && "temperature" in faults).toBe(false);
        if (text.trim() !== "") expect("temperature" in settings || "temperature" in faults).toBe(true);
      }),
    );
  });
});
