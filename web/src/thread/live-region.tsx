/**
 * What a screen reader hears of an answer. In: the answer shown last. Out: its sentences, each said once, politely.
 *
 * The text itself is no live region: it is rendered anew while it is written, and would be read from the start each time.
 */
import { useEffect, useRef, useState } from "react";
import type { Message } from "@/api/types";
import { type Key, useT } from "@/i18n";
import { read } from "./sentences";
import { useMessage, useView } from "./thread-context";
import { stoppable } from "./view";

/** Sentences kept in the page; those that are gone were read long ago. */
const KEPT = 12;

const ENDS: Partial<Record<Message["state"], Key>> = {
  done: "aloud.done",
  stopped: "aloud.stopped",
  failed: "aloud.failed",
  cut_off: "aloud.failed",
};

export function LiveRegion() {
  const t = useT();
  const active = useView((view) => view.thread.runs.get(stoppable(view) ?? "")?.message ?? null);
  // Heard to its end, also where the next answer of the queue has begun meanwhile.
  const [heard, setHeard] = useState<string | null>(null);
  const message = useMessage(heard ?? active ?? "");
  const upTo = useRef(0);
  const count = useRef(0);
  const thinks = useRef(false);
  const [said, setSaid] = useState<{ id: number; text: string }[]>([]);

  useEffect(() => {
    if (!message) {
      // Taken back before it was sent: it will never end.
      if (heard !== null) setHeard(null);
      return;
    }
    const say = (sentences: string[]): void => {
      if (sentences.length === 0) return;
      const more = sentences.map((text) => ({ id: ++count.current, text }));
      setSaid((before) => [...before, ...more].slice(-KEPT));
    };
    if (heard === null) {
      // What was there before this run was read already.
      upTo.current = message.content.length;
      setHeard(message.id);
      thinks.current = false;
      say([t("aloud.begun")]);
      return;
    }
    if (!thinks.current && message.thought !== "" && message.content === "" && message.state === "running") {
      thinks.current = true; // said once: the thoughts themselves are for whoever opens them
      say([t("aloud.thinks")]);
    }
    const end = ENDS[message.state];
    const words = { code: (lines: number) => t("aloud.code", { count: lines }) };
    const reading = read(message.content, upTo.current, end !== undefined, words);
    upTo.current = reading.upTo;
    say(end === undefined ? reading.sentences : [...reading.sentences, t(end)]);
    if (end !== undefined) setHeard(null);
  }, [message, heard, t]);

  return (
    <div role="log" aria-live="polite" aria-atomic="false" className="sr-only">
      {said.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
