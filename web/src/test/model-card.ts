/** Model cards for tests. In: what matters to the test. Out: a whole card, as GET /v1/models gives it. */
import type { ModelCapabilities, ModelCard } from "@/api/schema";

export function modelCard(id: string, more: Partial<ModelCard> = {}): ModelCard {
  return {
    id,
    object: "model",
    type: "base",
    created: 0,
    owned_by: "alize",
    capabilities: abilities({ completion_chat: true }),
    name: null,
    description: null,
    max_context_length: 8192,
    aliases: [],
    deprecation: null,
    deprecation_replacement_model: null,
    default_model_temperature: null,
    internal: false,
    license: null,
    default_max_tokens: null,
    languages: [],
    deterministic: null,
    served_by: "",
    left: [],
    state: "awake",
    loaded_percent: null,
    ...more,
  };
}

/** Those that are given; no others. */
export function abilities(given: Partial<ModelCapabilities>): ModelCapabilities {
  return {
    completion_chat: false,
    function_calling: false,
    reasoning: false,
    completion_fim: false,
    fine_tuning: false,
    vision: false,
    ocr: false,
    classification: false,
    moderation: false,
    audio: false,
    audio_transcription: false,
    audio_transcription_realtime: false,
    audio_speech: false,
    unified_resources: false,
    embeddings: false,
    ...given,
  };
}
