/**
 * One conversation while the page is open. In: what the person does, and a transport. Out: a view that components read.
 *
 * Nothing is decided here: reducer.ts says what events mean, queue.ts what is sent next. sending.ts carries out the one and
 * following.ts the other, on one view. It outlives the components, so that a switch between conversations loses neither a message
 * on its way nor a token.
 */
import { wait } from "@/api/surroundings";
import { everyOtherFrame, type Schedule } from "./batch";
import { createFollowing } from "./following";
import { keyWaits } from "./key-frames";
import { madeBy, sendContinue, sendMessage, sendRegenerate } from "./send";
import { createSending } from "./sending";
import type { Transport } from "./transport";
import { createCell, passing, type ThreadStore } from "./view";

export interface StoreParts {
  id: string;
  transport: Transport;
  exists: boolean;
  schedule?: Schedule;
  pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  now?: () => string;
}

export function createStore(parts: StoreParts): ThreadStore {
  const {
    id,
    transport,
    schedule = everyOtherFrame(keyWaits),
    pause = wait,
    now = () => new Date().toISOString(),
  } = parts;
  const cell = createCell(parts.exists, () => following.keep());
  const following = createFollowing(cell, { transport, schedule, pause });
  const sending = createSending(cell, { transport, pause, now });
  const { view, dispatch } = cell;

  return {
    id,
    kept: transport.kept,
    view,
    subscribe: cell.subscribe,
    open: following.look,
    load: following.load,
    send: (typed, parent = view().thread.leaf) => sending.enqueue(sendMessage(typed, parent)),
    regenerate: (answer) => void sending.enqueue(sendRegenerate(answer)),
    goOn: (answer) => void sending.enqueue(sendContinue(answer)),
    retry: sending.retry,
    undo: sending.undo,
    withdraw: sending.withdraw,
    reached() {
      sending.reached();
      const { trouble } = view();
      if (trouble !== null && passing(trouble)) cell.set({ trouble: null });
      following.keep();
    },
    stop: sending.stop,
    show(message) {
      dispatch({ type: "show", message });
      const { thread, queue } = view();
      const { leaf } = thread;
      const known = leaf !== null && !queue.some((one) => madeBy(one.send).includes(leaf));
      // Which branch is shown is a comfort; where it is not kept, nothing is lost.
      if (known) transport.show(leaf).catch(() => {});
    },
    told(message, host) {
      // The server also knows where redirects led, and who was not asked after all.
      if (transport.kept) transport.reload().then(following.load, () => {});
      else dispatch({ type: "told", message, host });
    },
    onArrived: sending.onArrived,
  };
}
