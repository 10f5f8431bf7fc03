import { describe, expect, it, vi } from "vitest";
import { ApiFailure } from "@/api/failure";
import type { Attachment } from "@/api/types";
import type { Taking } from "./attachments";
import { createUploads, type Send } from "./uploads";

const sound = (name: string): Taking => ({ name, type: "audio/wav", content: new Blob(["RIFF"]) });
const kept = (name: string): Attachment => ({ name, type: "audio/wav", text: "", id: `att_${name}` });

/** A server whose answers the test gives. */
function held() {
  const calls: {
    name: string;
    onSent: (bytes: number) => void;
    arrive: () => void;
    fail: (why: unknown) => void;
    signal: AbortSignal;
  }[] = [];
  const send: Send = (name, _file, onSent, signal) =>
    new Promise((done, fail) => {
      signal.addEventListener("abort", () => fail(signal.reason));
      calls.push({ name, onSent, arrive: () => done(kept(name)), fail, signal });
    });
  return { calls, uploads: createUploads(send) };
}

describe("uploads", () => {
  it("go one after the other, and arrive in the order in which they were chosen", async () => {
    const { calls, uploads } = held();
    uploads.add("c", [sound("a"), { name: "t", type: "text/plain", content: "text" }, sound("b")]);
    expect(calls.map(({ name }) => name)).toEqual(["a"]);
    calls[0]?.onSent(2);
    expect(uploads.of("c")).toMatchObject([
      { name: "a", size: 4, sent: 2 },
      { name: "b", sent: 0 },
    ]);
    calls[0]?.arrive();
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    expect(uploads.take("c")).toEqual([kept("a")]);
    expect(uploads.take("c")).toEqual([]);
    calls[1]?.arrive();
    await vi.waitFor(() => expect(uploads.of("c")).toEqual([]));
    expect(uploads.take("c")).toEqual([kept("b")]);
  });

  it("end where they are taken off, and the next begins", async () => {
    const { calls, uploads } = held();
    uploads.add("c", [sound("a"), sound("b")]);
    uploads.cancel(uploads.of("c")[0]?.key ?? "");
    expect(calls[0]?.signal.aborted).toBe(true);
    await vi.waitFor(() => expect(calls.map(({ name }) => name)).toEqual(["a", "b"]));
    expect(uploads.of("c").map(({ name }) => name)).toEqual(["b"]);
  });

  it("that failed wait for the person, and let the others pass", async () => {
    const { calls, uploads } = held();
    uploads.add("c", [sound("a"), sound("b")]);
    const failure = new ApiFailure("Full.", 507, "server_error", "disk_full");
    calls[0]?.fail(failure);
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    expect(uploads.of("c")[0]).toMatchObject({ name: "a", failure, sent: 0 });
    calls[1]?.arrive();
    await vi.waitFor(() => expect(uploads.of("c")).toHaveLength(1));
    uploads.retry(uploads.of("c")[0]?.key ?? "");
    calls[2]?.arrive();
    await vi.waitFor(() => expect(uploads.of("c")).toEqual([]));
    expect(uploads.take("c")).toEqual([kept("b"), kept("a")]);
  });

  it("follow their draft to the address that its conversation gets, and leave those of others alone", async () => {
    const { calls, uploads } = held();
    uploads.add("new", [sound("a")]);
    uploads.add("other", [sound("b")]);
    expect(calls).toHaveLength(2);
    uploads.move("new", "c");
    calls[0]?.arrive();
    await vi.waitFor(() => expect(uploads.of("c")).toEqual([]));
    expect([uploads.take("new"), uploads.take("c"), uploads.take("other")]).toEqual([[], [kept("a")], []]);
  });

  it("are sent once, and still one after the other, where their draft moves while one is on its way", async () => {
    const { calls, uploads } = held();
    uploads.add("new", [sound("a")]);
    uploads.move("new", "c");
    uploads.add("c", [sound("b")]);
    expect(calls.map(({ name }) => name)).toEqual(["a"]);
    calls[0]?.arrive();
    await vi.waitFor(() => expect(calls.map(({ name }) => name)).toEqual(["a", "b"]));
    calls[1]?.arrive();
    await vi.waitFor(() => expect(uploads.of("c")).toEqual([]));
    expect(uploads.take("c")).toEqual([kept("a"), kept("b")]);
  });

  it("are the same list until one of them changes, and all end at the sign-out", () => {
    const { calls, uploads } = held();
    uploads.add("c", [sound("a")]);
    expect(uploads.of("c")).toBe(uploads.of("c"));
    uploads.clear();
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(uploads.of("c")).toEqual([]);
  });
});
