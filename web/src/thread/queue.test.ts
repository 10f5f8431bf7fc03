import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { enqueue, failed, find, next, type Queue, ready, retried, sending, sent, withdrawn } from "./queue";
import { madeBy, needs, type Send, sendMessage } from "./send";

/** Messages typed one under the other, as in a conversation that nobody waits for. */
function chain(length: number, parent: string | null = null): Send[] {
  const sends: Send[] = [];
  let under = parent;
  for (let i = 0; i < length; i++) {
    const send = sendMessage({ text: `message ${i}`, attachments: [] }, under);
    sends.push(send);
    under = send.kind === "message" ? send.message.answer.id : null;
  }
  return sends;
}
const queued = (sends: Send[]): Queue => sends.reduce(enqueue, [] as Queue);
const ids = (queue: Queue): string[] => queue.map((one) => one.id);

describe("the queue of a conversation", () => {
  it("sends one after the other, in the order of typing", () => {
    let queue = queued(chain(2));
    const [first, second] = ids(queue);
    expect(next(queue)?.id).toBe(first);
    queue = sending(queue, first ?? "");
    expect(next(queue)).toBeNull();
    expect(next(sent(queue, first ?? ""))?.id).toBe(second);
  });

  it("holds what hangs under a message that failed, and lets another branch pass", () => {
    const [first, second] = chain(2);
    const [elsewhere] = chain(1);
    if (!first || !second || !elsewhere) throw new Error("chain");
    const queue = queued([first, second, elsewhere]);
    const stuck = failed(sending(queue, queue[0]?.id ?? ""), queue[0]?.id ?? "", "too large");
    expect(next(stuck)?.send).toBe(elsewhere);
  });

  it("moves what hangs under a withdrawn message up to where it belongs", () => {
    const queue = queued(chain(2, "root"));
    const left = withdrawn(queue, queue[0]?.id ?? "");
    expect(left).toHaveLength(1);
    expect(left[0] && needs(left[0].send)).toBe("root");
  });

  it("does not take back what is on its way: it may have arrived", () => {
    const queue = sending(queued(chain(1)), ids(queued(chain(1)))[0] ?? "");
    const onItsWay = sending(queue, queue[0]?.id ?? "");
    expect(withdrawn(onItsWay, queue[0]?.id ?? "")).toBe(onItsWay);
  });

  it("begins counting tries anew when the person tries again", () => {
    const queue = queued(chain(1));
    const id = queue[0]?.id ?? "";
    const stuck = failed(sending(queue, id), id, "unreachable");
    expect(find(stuck, id)).toMatchObject({ tries: 1, failure: "unreachable" });
    expect(find(retried(stuck, id), id)).toMatchObject({ tries: 0, failure: null, state: "ready" });
  });

  it("takes the same request once", () => {
    const [one] = chain(1);
    if (!one) throw new Error("chain");
    expect(queued([one, one])).toHaveLength(1);
  });

  it("never sends under a parent the server has not, never two at once, and loses nothing", () => {
    const act = fc.record({
      kind: fc.constantFrom("send", "ok", "fail", "again", "retry", "withdraw", "type"),
      at: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        let queue: Queue = queued(chain(3));
        const onServer = new Set<string>();
        const settled = new Set<string>();
        const everTyped = new Set(ids(queue));
        for (const { kind, at } of acts) {
          const flying = queue.find((one) => one.state === "sending");
          const some = queue[at % Math.max(1, queue.length)];
          const candidate = next(queue);
          if (kind === "send" && candidate) {
            const needed = needs(candidate.send);
            expect(needed === null || onServer.has(needed)).toBe(true);
            queue = sending(queue, candidate.id);
          } else if (kind === "ok" && flying) {
            for (const id of madeBy(flying.send)) onServer.add(id);
            queue = sent(queue, flying.id);
            settled.add(flying.id);
          } else if (kind === "fail" && flying) queue = failed(queue, flying.id, "no");
          else if (kind === "again" && flying) queue = ready(queue, flying.id);
          else if (kind === "retry" && some) queue = retried(queue, some.id);
          else if (kind === "withdraw" && some && some.state !== "sending") {
            queue = withdrawn(queue, some.id);
            settled.add(some.id);
          } else if (kind === "type") {
            const last = queue.at(-1)?.send;
            const [more] = chain(1, last ? (madeBy(last).at(-1) ?? null) : null);
            if (more) queue = enqueue(queue, more);
            everTyped.add(queue.at(-1)?.id ?? "");
          }
          expect(queue.filter((one) => one.state === "sending").length).toBeLessThanOrEqual(1);
          expect(new Set([...ids(queue), ...settled])).toEqual(everTyped);
        }
      }),
    );
  });
});
