/** Where a thread lives. In: requests with ids made here. Out: what stands after each, and the events of runs. */
import type { QueryClient } from "@tanstack/react-query";
import { createConversation, patchConversation, withdrawRun } from "@/api/actions";
import type { ApiFailure } from "@/api/failure";
import { continueAnswer, conversationQuery, keys, postMessage, regenerate, stopRun } from "@/api/queries";
import { openRun } from "@/api/sse";
import { browser } from "@/api/surroundings";
import type { Begun, RunEvent, Sampling } from "@/api/types";
import { type Snapshot, wholeOf } from "./merge";
import type { Send } from "./send";

/**
 * Two houses for one thread: the server's conversations, and the memory of this page (temporary.ts). Sends with the same
 * ids count once. Each call throws an ApiFailure where it was refused.
 */
export interface Transport {
  /** Whether what is said is kept after the page is closed. */
  readonly kept: boolean;
  send(send: Send): Promise<Snapshot>;
  /** No effect on a run that has ended. */
  stop(run: string): Promise<void>;
  /** Takes back what waits its turn, and tells which messages are gone; one that has begun is stopped, and none are. */
  withdraw(run: string): Promise<readonly string[]>;
  /**
   * Tells the events after `after`, then those to come; ends after the run's last one, or when the signal is aborted.
   * `onTrouble` hears what keeps them from coming, while they are asked for again.
   */
  follow(
    run: string,
    after: number,
    onEvent: (event: RunEvent, seq: number) => void,
    signal: AbortSignal,
    onTrouble: (failure: ApiFailure) => void,
  ): Promise<void>;
  /** What stands now, fetched anew. */
  reload(): Promise<Snapshot>;
  /** Remembers which branch is shown, for the other devices. */
  show(leaf: string): Promise<void>;
}

/** What a conversation that does not exist yet shall be like: read when its first message is sent. */
export interface Beginning {
  model: string;
  settings: Sampling;
}

/** `beginning`: null where the conversation is on the server already. */
export function serverTransport(cache: QueryClient, id: string, beginning: () => Beginning | null): Transport {
  return {
    kept: true,
    async send(send) {
      const wanted = beginning();
      if (wanted !== null) await createConversation({ id, ...given(wanted) });
      const snapshot = await ask(id, send);
      if (wanted !== null) void cache.invalidateQueries({ queryKey: keys.allConversations });
      return snapshot;
    },
    stop: stopRun,
    withdraw: withdrawRun,
    follow: (run, after, onEvent, signal, onTrouble) => openRun(run, after, onEvent, signal, browser(), onTrouble),
    async reload() {
      return wholeOf(await cache.fetchQuery({ ...conversationQuery(id), staleTime: 0 }));
    },
    async show(leaf) {
      await patchConversation(id, { leaf });
    },
  };
}

async function ask(conversation: string, send: Send): Promise<Snapshot> {
  switch (send.kind) {
    case "message": {
      const begun: Begun = await postMessage(conversation, send.message);
      return { whole: false, messages: [begun.message, begun.answer], runs: [begun.run], leaf: null };
    }
    case "regenerate": {
      const { answer, run } = await regenerate(send.beside.id, send.answer);
      return { whole: false, messages: [answer], runs: [run], leaf: null };
    }
    case "continue": {
      const { answer, run } = await continueAnswer(send.before.id, send.run);
      return { whole: false, messages: [answer], runs: [run], leaf: null };
    }
  }
}

function given({ model, settings }: Beginning): { model?: string; settings?: Sampling } {
  return {
    ...(model === "" ? {} : { model }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  };
}
