/** What of a temporary chat its model is sent. In: the path of messages, and the server, which counts. Out: the same as of a kept one. */
import { ApiFailure } from "@/api/failure";
import type { ContextQuestion, ContextUse, Message } from "@/api/types";
import type { Beginning } from "./transport";

export type Count = (question: ContextQuestion, signal: AbortSignal) => Promise<ContextUse>;

/**
 * All is sent to be counted in one body, as it is to be answered; a kept conversation comes message by message. Where that is
 * more than the server takes in one, the oldest turns are left out here already. `continuing`: the path ends with an answer to go on with.
 */
export async function contextOf(
  path: readonly Message[],
  { model, settings }: Beginning,
  count: Count,
  signal: AbortSignal,
  continuing = false,
): Promise<ContextUse> {
  const starts = turnsOf(path, continuing ? 2 : 1);
  for (let turn = 0; ; turn++) {
    const start = starts[turn] ?? 0;
    const messages = path.slice(start).map(({ id, role, content, thought, attachments }) => ({
      id,
      role,
      content,
      thought,
      attachments: attachments.map(({ name, type, text }) => ({ name, type, text })),
    }));
    try {
      const use = await count({ model, settings, messages, continuing }, signal);
      return { ...use, dropped: [...path.slice(0, start).map(({ id }) => id), ...use.dropped] };
    } catch (failure) {
      const tooMuch = failure instanceof ApiFailure && failure.status === 413;
      if (!tooMuch || turn + 1 >= starts.length) throw failure;
    }
  }
}

/** Where turns begin: at the first message, and at each question after it. The `last` messages are never left out. */
function turnsOf(path: readonly Message[], last: number): number[] {
  const questions = path.flatMap(({ role }, at) => (at > 0 && at < path.length - last && role === "user" ? [at] : []));
  const newest = path.length - last;
  return newest > 0 ? [0, ...questions, newest] : [0];
}
