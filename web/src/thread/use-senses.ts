/** Whether the model of a chat sees and hears. In: the conversation, or none yet. Out: that, and what the model is called. */
import { useModels } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { modelNamed, nameOf, talking } from "@/shell/model-facts";
import type { Senses } from "./attachments";
import { useNewChat } from "./new-chat";

export function useSenses(conversation: Conversation | undefined): Senses {
  const [newChat] = useNewChat();
  const model = modelNamed(talking(useModels().data ?? []), conversation?.model ?? newChat.model);
  const { vision = false, audio = false } = model?.capabilities ?? {};
  return { sees: vision, hears: audio, model: model ? nameOf(model) : (conversation?.model ?? "") };
}
