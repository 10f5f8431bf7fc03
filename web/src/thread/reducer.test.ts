import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, RunEvent } from "@/api/types";
import { wholeOf } from "./merge";
import { type Numbered, reduce } from "./reducer";
import { answer, conversation, question } from "./samples";
import { activeOnPath, EMPTY, followed, type Thread, wantsReload } from "./state";

const delta = (content: string): RunEvent => ({ type: "message.output.delta", content });
const started: RunEvent = {
  type: "conversation.response.started",
  conversation_id: "c",
  message_id: "a",
  model: "small",
  served_by: "",
  sent_from: null,
  dropped: 0,
  prompt_tokens: 7,
};
const done: RunEvent = {
  type: "conversation.response.done",
  finish: "stop",
  usage: { prompt_tokens: 7, completion_tokens: 3, cached_tokens: 0 },
  seconds: 2,
  first_token_seconds: 0.1,
  left: [],
};
const failure: RunEvent = { type: "conversation.response.error", message: "The engine stopped.", code: null };
const terminals: RunEvent[] = [done, failure, { type: "run.stopped", by: "person" }, { type: "run.cut_off" }];

const running = (seq = 0, content = ""): Thread =>
  reduce(EMPTY, {
    type: "loaded",
    snapshot: wholeOf(
      conversation(
        "c",
        [question("q"), answer("a", "q", { run: "r", state: "running", content })],
        [{ id: "r", message: "a", state: "running", seq }],
      ),
    ),
  });
const tell = (thread: Thread, ...events: [number, RunEvent][]): Thread =>
  reduce(thread, { type: "events", run: "r", events: events.map(([seq, event]) => ({ seq, event })) });
const shown = (thread: Thread): Message => {
  const message = thread.messages.get("a");
  if (!message) throw new Error("no answer");
  return message;
};

describe("a run's events", () => {
  it("become the answer's text and figures", () => {
    const thread = tell(running(), [1, started], [2, delta("Pa")], [3, delta("ris.")], [4, done]);
    expect(shown(thread)).toMatchObject({ content: "Paris.", state: "done", completion_tokens: 3, prompt_tokens: 7 });
    expect(followed(thread)).toBeNull();
  });

  it("count once, however often they come", () => {
    const once = tell(running(), [1, started], [2, delta("Pa")]);
    expect(tell(once, [1, started], [2, delta("Pa")])).toBe(once);
  });

  it("ask for a reload when one is missing, and add nothing after the hole", () => {
    const thread = tell(running(), [1, started], [3, delta("ris")], [4, delta(".")]);
    expect(shown(thread).content).toBe("");
    expect(wantsReload(thread)).toBe(true);
    expect(followed(thread)).toBeNull();
  });

  it("ask for a reload when their log is gone", () => {
    expect(wantsReload(tell(running(5, "abc"), [5, { type: "run.gap" }]))).toBe(true);
  });

  it("pass where the page does not know the type, and keep counting", () => {
    // A later server's event, which today's union cannot name.
    const later = { type: "tool.execution.started", name: "search" } as unknown as RunEvent;
    const thread = tell(running(), [1, started], [2, later], [3, delta("x")]);
    expect(shown(thread).content).toBe("x");
    expect(wantsReload(thread)).toBe(false);
  });

  it("say nothing after the end", () => {
    const ended = tell(running(), [1, { type: "run.stopped", by: "person" }]);
    expect(tell(ended, [2, delta("late")])).toBe(ended);
  });

  it("of a run nobody knows change nothing", () => {
    const thread = running();
    expect(reduce(thread, { type: "events", run: "other", events: [{ seq: 1, event: started }] })).toBe(thread);
  });

  it("keep the text that was written before a failure, a stop or a cut", () => {
    for (const last of terminals) {
      expect(shown(tell(running(), [1, delta("kept")], [2, last])).content).toBe("kept");
    }
  });

  it("keep thoughts apart from the text, and forget them where an answer begins anew", () => {
    const thought = { type: "message.thought.delta", content: "So", seconds: 2 } as const;
    const after = tell(running(), [1, started], [2, thought], [3, thought], [4, delta("8")]);
    expect(shown(after)).toMatchObject({ thought: "SoSo", thought_seconds: 2, content: "8" });
    expect(shown(tell(running(), [1, thought], [2, started]))).toMatchObject({ thought: "", thought_seconds: 0 });
  });

  it("leave the tree and the path as they were, so that nothing around the text renders", () => {
    const before = running();
    const after = tell(before, [1, delta("x")]);
    expect(after.tree).toBe(before.tree);
    expect(after.path).toBe(before.path);
    expect(after.messages.get("q")).toBe(before.messages.get("q"));
  });
});

describe("what the server says stands", () => {
  it("does not take back text that events brought meanwhile", () => {
    const thread = tell(running(), [1, started], [2, delta("new")]);
    const old = wholeOf(
      conversation(
        "c",
        [question("q"), answer("a", "q", { run: "r", state: "running", content: "" })],
        [{ id: "r", message: "a", state: "running", seq: 1 }],
      ),
    );
    expect(shown(reduce(thread, { type: "loaded", snapshot: old })).content).toBe("new");
    // Whom a picture was asked of is known to the server alone.
    const [asked, older] = old.messages.map((message) => ({ ...message, left: ["pictures.example"] }));
    const told = { ...old, messages: [asked ?? question("q"), older ?? answer("a", "q")] };
    const both = shown(reduce(thread, { type: "loaded", snapshot: told }));
    expect([both.content, both.left]).toEqual(["new", ["pictures.example"]]);
  });

  it("fills a hole, and events go on from there", () => {
    const holed = tell(running(), [1, started], [5, delta("?")]);
    const fresh = wholeOf(
      conversation(
        "c",
        [question("q"), answer("a", "q", { run: "r", state: "running", content: "abcd" })],
        [{ id: "r", message: "a", state: "running", seq: 5 }],
      ),
    );
    const mended = reduce(holed, { type: "loaded", snapshot: fresh });
    expect(wantsReload(mended)).toBe(false);
    expect(followed(mended)?.seq).toBe(5);
    expect(shown(tell(mended, [6, delta("e")])).content).toBe("abcde");
  });

  it("does not bring back a run that was continued since", () => {
    const stopped = answer("a", "q", { run: "r", state: "stopped", content: "half" });
    const before = reduce(EMPTY, { type: "loaded", snapshot: wholeOf(conversation("c", [question("q"), stopped])) });
    const going = reduce(before, {
      type: "began",
      messages: [{ ...stopped, run: "r2", state: "waiting" }],
      run: "r2",
      answer: "a",
    });
    const late = reduce(going, { type: "loaded", snapshot: wholeOf(conversation("c", [question("q"), stopped])) });
    expect(shown(late).run).toBe("r2");
  });

  it("keeps what was sent and is not in an old answer", () => {
    const thread = reduce(running(), {
      type: "began",
      messages: [question("q2", "a"), answer("a2", "q2", { run: "r2", state: "waiting", content: "" })],
      run: "r2",
      answer: "a2",
    });
    const late = reduce(thread, { type: "loaded", snapshot: wholeOf(conversation("c", [question("q")])) });
    expect(late.path).toEqual(["q", "a", "q2", "a2"]);
  });

  it("follows what comes under the shown message, and never switches branch by itself", () => {
    const first = [question("q"), answer("a", "q")];
    const load = (thread: Thread, messages: Message[]) =>
      reduce(thread, { type: "loaded", snapshot: wholeOf(conversation("c", messages)) });
    const thread = load(EMPTY, first);
    expect(load(thread, [...first, question("q2", "a")]).path).toEqual(["q", "a", "q2"]);
    expect(load(thread, [...first, answer("b", "q"), question("edit")]).path).toEqual(["q", "a"]);
  });

  it("keeps messages that did not change the same objects", () => {
    const messages = [question("q"), answer("a", "q", { left: ["x"] })];
    const load = (thread: Thread) =>
      reduce(thread, { type: "loaded", snapshot: wholeOf(conversation("c", structuredClone(messages))) });
    const once = load(EMPTY);
    expect(load(once).messages.get("a")).toBe(once.messages.get("a"));
  });
});

describe("what was shown too early", () => {
  it("goes away again, and what hung below it moves up", () => {
    const base = reduce(EMPTY, {
      type: "loaded",
      snapshot: wholeOf(conversation("c", [question("q"), answer("a", "q")])),
    });
    const one = reduce(base, {
      type: "began",
      messages: [question("q2", "a"), answer("a2", "q2", { run: "r2", state: "waiting" })],
      run: "r2",
      answer: "a2",
    });
    const two = reduce(one, {
      type: "began",
      messages: [question("q3", "a2"), answer("a3", "q3", { run: "r3", state: "waiting" })],
      run: "r3",
      answer: "a3",
    });
    const taken = wholeOf({ ...conversation("c", [question("q"), answer("a", "q")]), withdrawn: ["q2", "a2"] });
    const gone = reduce(two, { type: "loaded", snapshot: taken });
    expect(gone.path).toEqual(["q", "a", "q3", "a3"]);
    const overtaken = wholeOf(conversation("c", [...two.messages.values()]));
    expect(reduce(gone, { type: "loaded", snapshot: overtaken }).path).toEqual(["q", "a", "q3", "a3"]);
    const back = reduce(two, { type: "undone", gone: ["q2", "a2"], restored: [], run: "r2" });
    expect(back.path).toEqual(["q", "a", "q3", "a3"]);
    expect(reduce(one, { type: "undone", gone: ["q2", "a2"], restored: [], run: "r2" }).path).toEqual(["q", "a"]);
  });

  it("is not followed before the server has it", () => {
    const thread = reduce(EMPTY, {
      type: "began",
      messages: [question("q"), answer("a", "q", { run: "r", state: "waiting" })],
      run: "r",
      answer: "a",
    });
    expect(followed(thread)).toBeNull();
    expect(activeOnPath(thread)).toHaveLength(1);
  });
});

/** The server's side of one run: a log, and the snapshot it would give after each number. */
const serverLog = fc
  .tuple(fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 12 }), fc.constantFrom(...terminals))
  .map(([pieces, last]) => [started, ...pieces.map(delta), last]);

type Delivery = { kind: "from" | "snapshot"; at: number; length: number };
const deliveries = fc.array(
  fc.record({
    kind: fc.constantFrom<Delivery["kind"]>("from", "from", "snapshot"),
    at: fc.nat(14),
    length: fc.nat(6),
  }),
  { maxLength: 40 },
);

function snapshotAt(log: RunEvent[], seq: number) {
  const text = log.slice(0, seq).reduce((all, e) => all + (e.type === "message.output.delta" ? e.content : ""), "");
  const ended = seq >= log.length;
  const whole = tell(running(), ...log.slice(0, seq).map((event, i): [number, RunEvent] => [i + 1, event]));
  return wholeOf(
    conversation(
      "c",
      [question("q"), { ...shown(whole), content: text }],
      ended ? [] : [{ id: "r", message: "a", state: "running", seq }],
    ),
  );
}

describe("a run, whatever the network does", () => {
  it("shows its text once and in order: repeated, out of order, with holes, with old snapshots", () => {
    fc.assert(
      fc.property(serverLog, deliveries, (log, steps) => {
        const full = log.reduce((all, e) => all + (e.type === "message.output.delta" ? e.content : ""), "");
        const numbered: Numbered[] = log.map((event, index) => ({ seq: index + 1, event }));
        let thread = running();
        let longest = 0;
        for (const { kind, at, length } of steps) {
          // The page reloads when it is told to; nothing may be believed in between.
          if (wantsReload(thread))
            thread = reduce(thread, { type: "loaded", snapshot: snapshotAt(log, log.length - 1) });
          else if (kind === "snapshot") {
            thread = reduce(thread, { type: "loaded", snapshot: snapshotAt(log, Math.min(at, log.length)) });
          } else thread = reduce(thread, { type: "events", run: "r", events: numbered.slice(at, at + length) });
          const { content } = shown(thread);
          expect(full.startsWith(content)).toBe(true);
          expect(content.length).toBeGreaterThanOrEqual(longest);
          longest = content.length;
        }
        if (wantsReload(thread)) thread = reduce(thread, { type: "loaded", snapshot: snapshotAt(log, log.length) });
        thread = reduce(thread, { type: "events", run: "r", events: numbered });
        expect(shown(thread).content).toBe(full);
        expect(followed(thread)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same thread however its events are folded together", () => {
    fc.assert(
      fc.property(serverLog, fc.nat(20), (log, cut) => {
        const numbered: Numbered[] = log.map((event, index) => ({ seq: index + 1, event }));
        const whole = reduce(running(), { type: "events", run: "r", events: numbered });
        const half = reduce(running(), { type: "events", run: "r", events: numbered.slice(0, cut) });
        expect(shown(reduce(half, { type: "events", run: "r", events: numbered.slice(cut) }))).toEqual(shown(whole));
      }),
    );
  });
});
