/** Whether the model of a chat sees. In: the conversation, or none yet. Out: that, and what the model is called. */
import { useModels } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { modelNamed, nameOf, talking } from "@/shell/model-facts";
import type { Eyes } from "./attachments";
import { useNewChat } from "./new-chat";

export function useEyes(conversation: Conversation | undefined): Eyes {
  const [newChat] = useNewChat();
  const model = modelNamed(talking(useModels().data ?? []), conversation?.model ?? newChat.model);
  return { sees: model?.capabilities.vision ?? false, model: model ? nameOf(model) : "" };
}
