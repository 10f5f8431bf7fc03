/**
 * Two turns laid out once, unseen, while nothing else is to be done. In: nothing. Out: nothing in the page.
 *
 * What runs for the first time is compiled first, which was a third of the time that a first conversation took to open
 * (docs/log.md). In a transition, so that a key pressed meanwhile goes before it.
 */
import { startTransition, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import type { Message } from "@/api/types";
import { memoryTransport } from "./memory-transport";
import type { MessageList } from "./message-list";
import { loadMessageList } from "./message-list-part";
import { createStore } from "./store";
import { ThreadContext } from "./thread-context";
import type { ThreadStore } from "./view";
import { whenIdle } from "./when-idle";

type List = typeof MessageList;

// Neither code nor formulas: what lays those out is loaded when it is needed.
const SAID =
  "Two **things**, *or* `three`:\n\n1. one\n2. [two](#two)\n\n- a\n\n> b\n\n| c | d |\n|---|--:|\n| e | 1 |\n";
const CODE = '1em "JetBrains Mono Variable"';
let done = false;

export function WarmList() {
  const [Turns, setTurns] = useState<List | null>(null);
  const [place] = useState(() => document.createElement("div"));
  const [store] = useState(sample);
  useEffect(() => {
    if (done) return;
    let left = false;
    const show = (list: List): void => {
      if (!left) startTransition(() => setTurns(() => list));
    };
    // Where it cannot be loaded, the list says so when it is wanted.
    const callOff = whenIdle(() => void loadMessageList().then(show, () => {}));
    return () => {
      left = true;
      callOff();
    };
  }, []);
  useEffect(() => {
    if (Turns === null) return;
    done = true;
    // The letters of code, too: those that come after the text lay all of it out again. (A test's document has none.)
    if ("fonts" in document) document.fonts.load(CODE).catch(() => {});
    return whenIdle(() => setTurns(null));
  }, [Turns]);
  if (Turns === null) return null;
  return createPortal(
    <ThreadContext value={store}>
      <Turns {...UNSEEN} />
    </ThreadContext>,
    place,
  );
}

const UNSEEN = {
  scroller: { current: null },
  isFollowing: () => false,
  sentFrom: null,
  target: null,
  onTarget: () => {},
  onUndo: () => {},
};

function sample(): ThreadStore {
  const never = (): Promise<never> => new Promise(() => {});
  const store = createStore({
    id: "sample",
    exists: false,
    transport: memoryTransport({ ask: never, count: never, beginning: never }),
  });
  const messages = [turn("question", null, "user", "Which?"), turn("answer", "question", "assistant", SAID)];
  store.load({ whole: true, messages, runs: [], leaf: null });
  return store;
}

function turn(id: string, parent: string | null, role: Message["role"], content: string): Message {
  return {
    id,
    parent,
    role,
    content,
    attachments: [],
    created: "2026-01-01T00:00:00Z",
    run: null,
    model: "sample",
    served_by: "",
    state: "done",
    finish: "stop",
    error: null,
    prompt_tokens: 1,
    completion_tokens: 1,
    seconds: 1,
    first_token_seconds: 1,
    left: [],
    error_code: null,
    error_reason: null,
    error_values: {},
    thought: "",
    thought_seconds: 0,
  };
}
