import { describe, expect, it } from "vitest";
import { answer } from "./samples";
import { madeBy, optimistic, pauseBefore, sendContinue, sendMessage, sendRegenerate, typedIn } from "./send";

const numbers = () => {
  let n = 0;
  return () => String(++n).padStart(32, "0");
};
const passing = { passing: true, retryAfter: null };

describe("sending", () => {
  it("makes ids as the server asks for them, each once", () => {
    const send = sendMessage({ text: "hello", attachments: [] }, null);
    const ids = new Set(madeBy(send));
    expect(ids.size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it("shows the question and its waiting answer at once", () => {
    const file = { name: "a.txt", type: "text/plain", text: "x", id: null };
    const send = sendMessage({ text: "hello", attachments: [file] }, "p", numbers());
    const [asked, waits] = optimistic(send, "now");
    expect(asked).toMatchObject({ role: "user", parent: "p", content: "hello", attachments: [file], state: "done" });
    expect(waits).toMatchObject({ role: "assistant", parent: asked?.id, content: "", state: "waiting" });
  });

  it("gives back what was typed when it is undone", () => {
    const typed = { text: "hello", attachments: [{ name: "a.txt", type: "text/plain", text: "x", id: null }] };
    expect(typedIn(sendMessage(typed, null))).toEqual(typed);
    expect(typedIn(sendContinue(answer("a", "q")))).toBeNull();
  });

  it("puts another answer beside the first, and goes on with a stopped one without losing its text", () => {
    expect(optimistic(sendRegenerate(answer("a", "q")), "now")).toMatchObject([{ parent: "q", content: "" }]);
    const stopped = answer("a", "q", { state: "stopped", content: "half", run: "r" });
    expect(optimistic(sendContinue(stopped), "now")).toMatchObject([{ id: "a", content: "half", state: "waiting" }]);
  });

  it("tries again by itself only what may pass, and not for ever", () => {
    expect(pauseBefore(passing, 1)).toBe(400);
    expect(pauseBefore(passing, 4)).toBeNull();
    expect(pauseBefore({ passing: false, retryAfter: null }, 1)).toBeNull();
  });

  it("waits as long as a busy server says, unless that is too long to wait unasked", () => {
    expect(pauseBefore({ passing: true, retryAfter: 5 }, 1)).toBe(5_000);
    expect(pauseBefore({ passing: true, retryAfter: 60 }, 1)).toBeNull();
  });
});
