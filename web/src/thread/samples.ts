/** Messages and runs for the tests of this folder. In: what matters to the test. Out: a whole wire value. */
import type { Conversation, Message } from "@/api/types";

export function question(id: string, parent: string | null = null, content = `question ${id}`): Message {
  return { ...BLANK, id, parent, role: "user", content };
}

export function answer(id: string, parent: string, more: Partial<Message> = {}): Message {
  return { ...BLANK, id, parent, role: "assistant", model: "small", content: `answer ${id}`, ...more };
}

export function conversation(id: string, messages: Message[], runs: Conversation["runs"] = []): Conversation {
  return {
    object: "conversation",
    id,
    title: "",
    titled_by: "",
    model: "",
    pinned: null,
    archived: null,
    created: MOMENT,
    updated: MOMENT,
    running: runs.length > 0,
    settings: {},
    leaf: messages.at(-1)?.id ?? null,
    messages,
    runs,
    withdrawn: [],
  };
}

const MOMENT = "2026-11-25T10:00:00+00:00";

const BLANK: Message = {
  id: "",
  parent: null,
  role: "user",
  content: "",
  attachments: [],
  created: MOMENT,
  run: null,
  model: "",
  served_by: "",
  state: "done",
  finish: null,
  error: null,
  error_code: null,
  error_reason: null,
  error_values: {},
  thought: "",
  thought_seconds: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  seconds: 0,
  first_token_seconds: 0,
  left: [],
};
