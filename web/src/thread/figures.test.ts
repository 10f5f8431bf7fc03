import { describe, expect, it } from "vitest";
import { figuresOf, speedText } from "./figures";
import { answer } from "./samples";

describe("the quiet line", () => {
  it("counts the pace of writing, without the wait for the first token", () => {
    const made = answer("a", "q", { completion_tokens: 101, seconds: 12, first_token_seconds: 2 });
    expect(figuresOf(made)).toMatchObject({ tokens: 101, speed: 10, hosts: [] });
  });

  it("claims no speed where too little was written or no time was measured", () => {
    expect(figuresOf(answer("a", "q", { completion_tokens: 2, seconds: 1 })).speed).toBeNull();
    expect(figuresOf(answer("a", "q", { completion_tokens: 50 })).speed).toBeNull();
  });

  it("names every host once, also the one that computed it", () => {
    const made = answer("a", "q", { served_by: "api.example", left: ["api.example", "search.example"] });
    expect(figuresOf(made).hosts).toEqual(["api.example", "search.example"]);
  });

  it("does not call it leaving the machine where a server beside this one computed it", () => {
    const made = answer("a", "q", { served_by: "127.0.0.1:8080" });
    expect(figuresOf(made)).toMatchObject({ neighbour: "127.0.0.1:8080", hosts: [] });
    expect(figuresOf({ ...made, left: ["api.example"] }).hosts).toEqual(["api.example"]);
    expect(figuresOf({ ...made, served_by: "[::1]:8080" }).neighbour).toBe("[::1]:8080");
    expect(figuresOf({ ...made, served_by: "127.0.0.1.example" })).toMatchObject({
      neighbour: "",
      hosts: ["127.0.0.1.example"],
    });
  });

  it("gives two digits", () => {
    expect(speedText(31.4, "en")).toBe("31");
    expect(speedText(3.14, "fr")).toBe("3,1");
  });
});
