/**
 * What crosses the wire. In: the server's OpenAPI document. Out: its types, and what each call is sent and answers.
 * Made by `make docs`; changes here are overwritten.
 */

/** ISO 8601 with an offset. */
export type Moment = string;

export interface APIKeyAuth {
  type: "api-key";
  value: string;
}

export interface AcceptRequest {
  token: string;
  /** Upper and lower case are the same. */
  email: string;
  name: string;
  /** A new one has 8 to 256 characters. */
  password: string;
}

export interface Account {
  id: string;
  object: "account";
  email: string;
  name: string;
  role: "owner" | "member";
  /** Empty: what the browser prefers. */
  language: "" | "en" | "fr" | "ja";
  /** Empty: what the system prefers. */
  theme: "" | "light" | "dark";
  created: Moment;
  disabled: Moment | null;
}

export interface AccountChange {
  name?: string | null;
  /** Empty: what the browser prefers. */
  language?: "" | "en" | "fr" | "ja" | null;
  /** Empty: what the system prefers. */
  theme?: "" | "light" | "dark" | null;
}

export interface AccountList {
  object: "list";
  data: Account[];
  has_more: boolean;
  next: string | null;
}

export interface AccountPatch {
  role?: "owner" | "member" | null;
  /** True ends its sessions, and it cannot sign in until false is sent. */
  disabled?: boolean | null;
}

export interface AdapterPut {
  /** A folder of the server, in `home` or one of the setting `weight_folders`. */
  path: string;
}

export interface AnswerIds {
  id: string;
  run: string;
}

export interface Answered {
  answer: Message;
  run: Run;
}

export interface AssistantMessage {
  role: "assistant";
  content?: string | (TextChunk | ImageURLChunk | DocumentURLChunk | ReferenceChunk | FileChunk | ThinkChunk | AudioChunk)[] | null;
  tool_calls?: ToolCall[] | null;
  /** Continue this message instead of answering it: the answer begins with its text. */
  prefix?: boolean;
}

export interface Attached {
  id: string;
  object: "attachment";
  name: string;
  type: string;
  bytes: number;
  sha256: string;
  created: Moment;
}

export interface Attachment {
  name: string;
  type: string;
  /** Empty for a picture or a sound. */
  text: string;
  /** Of a picture or a sound: GET /api/attachments/{id} gives it. */
  id: string | null;
}

export interface AttachmentExported {
  name: string;
  type: string;
  /** Of a picture or a sound, `data:TYPE;base64,…`. */
  text: string;
  /** Of a picture or a sound: GET /api/attachments/{id} gives it. */
  id: string | null;
}

/** Of a chat that is kept nowhere: whatever it is, its content is with it. */
export interface AttachmentIn {
  name: string;
  type: string;
  /** Of an image or a sound, `data:TYPE;base64,…`. */
  text: string;
}

export interface AttachmentLimits {
  /** Of one file. */
  attachment_bytes: number;
  /** Files of one question. */
  attachments: number;
  /** Media types and endings. */
  attachment_types: string[];
  /** Of one image; the page makes larger ones smaller. */
  image_bytes: number;
  /** Media types of images, for models that see. */
  image_types: string[];
  /** Of one sound. */
  audio_bytes: number;
  /** Media types of sounds, for models that hear. */
  audio_types: string[];
  /** Of one request: all that a chat which is kept nowhere sends with a question. */
  body_bytes: number;
}

/** A text, or an upload. */
export interface AttachmentNew {
  /** Of a picture or a sound, as POST /api/attachments gave it; then nothing else. */
  id?: string | null;
  name?: string | null;
  type?: string | null;
  text?: string | null;
}

export interface AudioChunk {
  type: "input_audio";
  input_audio: InputAudio | string;
}

/** A sound to write down: `file`, or the address of one in `file_url`. */
export interface AudioTranscriptionRequest {
  /** Id or alias of a model of GET /v1/models that has audio_transcription. */
  model: string;
  /** WAV, FLAC, Ogg or MP3. */
  file?: string | null;
  /** Of a host in `outside_hosts`. */
  file_url?: string | null;
  /** Not supported yet. */
  file_id?: string | null;
  /** Two letters, where it is known. */
  language?: string | null;
  /** How freely to draw; 0, the default, always takes the likeliest token. */
  temperature?: number | null;
  /** Send the text as server-sent events while it is made. */
  stream?: boolean;
  /** Not supported: models that tell speakers apart are not served. */
  diarize?: boolean;
  /** Not supported. */
  context_bias?: string[];
  /** `segment`, of a model that writes while it hears (Voxtral Realtime). No model here tells the times of words. */
  timestamp_granularities?: ("segment" | "word")[];
  /** Not supported: a record leaves sounds out. */
  replay?: boolean;
  /** OpenAI's clients may send it; there is one format. */
  response_format?: "json" | null;
}

export interface BrowserSession {
  id: string;
  object: "browser_session";
  user_agent: string;
  address: string;
  created: Moment;
  last_seen: Moment;
  expires: Moment;
  current: boolean;
}

export interface BrowserSessionList {
  object: "list";
  data: BrowserSession[];
  has_more: boolean;
  next: string | null;
}

export type Change = Ready | ConversationChanged | ConversationDeleted | RunBegun;

export interface ChatCompletionChoice {
  index: number;
  message: AssistantMessage;
  /** Only where asked for. */
  logprobs?: ChoiceLogprobs | null;
  /** Only where asked for: a record for `alize replay`; null where no token was drawn. */
  replay?: Record<string, unknown> | null;
  finish_reason: "stop" | "length" | "model_length" | "error" | "tool_calls";
  /** Only where a stop string ended the answer: which. What came before it may be the beginning of a form alone. */
  stop_reason?: string | null;
}

/** A conversation to continue: the public fields, then those beyond them. */
export interface ChatCompletionRequest {
  /** Id or alias of a model of GET /v1/models. */
  model: string;
  messages: (SystemMessage | UserMessage | AssistantMessage | ToolMessage)[];
  /** How freely to draw; 0 always takes the likeliest token. By default the model's own. */
  temperature?: number | null;
  /** Draw from the likeliest tokens that hold this share together. */
  top_p?: number | null;
  /** Most tokens of an answer; 0 answers with nothing but the usage. By default, what the context leaves. */
  max_tokens?: number | null;
  /** Send the answer as server-sent events while it is made. */
  stream?: boolean;
  /** Texts that end the answer and are not part of it: at most 16. */
  stop?: string | string[] | null;
  /** The same seed gives the same answer. */
  random_seed?: number | null;
  /** For the client's own use: neither read, kept nor logged. */
  metadata?: Record<string, unknown> | null;
  /** What the whole answer looks like: text, any JSON object, or JSON that a schema describes. */
  response_format?: ResponseFormat;
  /** Functions that the answer may call: at most 128. The client runs them. */
  tools?: (Tool | WebSearchTool | WebSearchPremiumTool | CodeInterpreterTool | ImageGenerationTool | DocumentLibraryTool | CustomConnector)[] | null;
  /** `any`, `required` and a function make the answer begin as a call; `none` leaves the tools out. */
  tool_choice?: ToolChoice | "auto" | "none" | "any" | "required";
  presence_penalty?: number | null;
  frequency_penalty?: number | null;
  /** How many answers; the prompt is counted once. */
  n?: number | null;
  /** What the answer is thought to be much like: it comes faster where it is, and is never another. */
  prediction?: Prediction;
  /** False ends the answer with its first call. */
  parallel_tool_calls?: boolean;
  /** Only for models that reason; `none` for all. */
  reasoning_effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | null;
  /** Only for models that reason. */
  prompt_mode?: "reasoning" | null;
  /** Not supported yet. */
  guardrails?: GuardrailConfig[] | null;
  /** No effect: prompts that begin alike are found without it. */
  prompt_cache_key?: string | null;
  /** No effect: there is one tier. */
  service_tier?: "auto" | "standard_only" | null;
  /** Put Mistral's published safety text before the conversation. */
  safe_prompt?: boolean;
  /** Draw from the k likeliest tokens; 0 or -1 is all of them. */
  top_k?: number | null;
  /** Drop tokens less likely than this share of the likeliest one. */
  min_p?: number | null;
  /** The answer cannot end by itself before this many tokens. */
  min_tokens?: number | null;
  /** Go on until max_tokens or a stop string, whatever the model would say. */
  ignore_eos?: boolean | null;
  /** Give the log-probability of each token. */
  logprobs?: boolean | null;
  /** Give that many of the likeliest tokens beside each; needs logprobs. */
  top_logprobs?: number | null;
  /** Divide the logits of tokens of prompt and answer by this, where they are above 0, else multiply them with it. */
  repetition_penalty?: number | null;
  /** Add this to the logits of these tokens: an id as a text, and the number. */
  logit_bias?: Record<string, number> | null;
  /** What the whole answer must match, beyond what response_format can say. */
  structured_outputs?: StructuredOutputs | null;
  /** Below 0, it waits for requests of a higher priority, and gives way to them: for work that nobody watches. */
  priority?: number | null;
  /** Give with each choice what reproduces it: a record for `alize replay`. */
  replay?: boolean | null;
  /** Only false is supported. */
  prompt_logprobs?: boolean | null;
  /** Only 0 is supported. */
  top_prompt_logprobs?: number | null;
  /** The same as random_seed. */
  seed?: number | null;
  /** The same as max_tokens. */
  max_completion_tokens?: number | null;
  stream_options?: StreamOptions | null;
  /** No effect. */
  user?: string | null;
  /** Only false is supported: answers are not kept. */
  store?: boolean | null;
}

export interface ChatCompletionResponse {
  id: string;
  object?: "chat.completion";
  /** Unix time in seconds. */
  created: number;
  /** The name that was asked for. */
  model: string;
  choices: ChatCompletionChoice[];
  usage: UsageInfo;
}

export interface ChoiceLogprobs {
  content: TokenLogprobs[];
}

export interface ClientSecret {
  /** The pass. It is shown here only. */
  value: string;
  expires_at: Moment;
}

export interface ClientSession {
  object: "client.session";
  purpose: "realtime";
  expires_at: Moment;
  client_secret: ClientSecret;
}

/** A pass for a page, which opens sessions of one model for a while. */
export interface ClientSessionRequest {
  purpose: "realtime";
  /** Id or alias of a model of GET /v1/models that has audio_transcription_realtime. */
  model: string;
  /** How long it may open them; 60 by default. */
  ttl_seconds?: number | null;
}

export interface CodeInterpreterTool {
  tool_configuration?: ToolConfiguration | null;
  type: "code_interpreter";
}

export interface CompletionChunk {
  id: string;
  object?: "chat.completion.chunk";
  created?: number;
  model: string;
  choices: CompletionResponseStreamChoice[];
  /** In the last chunk. */
  usage?: UsageInfo | null;
}

/** One server-sent event. The last one's data is `[DONE]`. */
export interface CompletionEvent {
  data: CompletionChunk;
}

export interface CompletionResponseStreamChoice {
  index: number;
  delta: DeltaMessage;
  /** Only where asked for. */
  logprobs?: ChoiceLogprobs | null;
  /** Only where asked for: a record for `alize replay`; null where no token was drawn. In the choice's last chunk. */
  replay?: Record<string, unknown> | null;
  finish_reason: "stop" | "length" | "error" | "tool_calls" | null;
  /** Only where a stop string ended the answer: which. What came before it may be the beginning of a form alone. In the choice's last chunk. */
  stop_reason?: string | null;
}

export interface CompletionTokensDetails {
  /** How many tokens were guessed, computed before it was known that they follow, and did. */
  accepted_prediction_tokens?: number;
  /** How many were guessed and did not follow, whoever guessed them. */
  rejected_prediction_tokens?: number;
}

export interface ContextMessage {
  id: string;
  role: "user" | "assistant";
  /** An answer is as long as its model made it. */
  content: string;
  /** What was thought before the content. */
  thought?: string;
  attachments?: AttachmentIn[];
}

export interface ContextQuestion {
  /** Empty for the default. */
  model?: string;
  settings?: SamplingSettings | null;
  /** Those shown, oldest first. */
  messages: ContextMessage[];
  /** The last one is an answer that is to be gone on with. */
  continuing?: boolean;
}

export interface ContextUse {
  /** The model's context, in tokens. */
  limit: number;
  used: number;
  /** The first message that is still sent. */
  sent_from: string | null;
  /** Messages that are not sent any more, oldest first. */
  dropped: string[];
  /** Most images that it is shown at once: those that came last; 0 where it does not see. */
  images: number;
  /** Sounds that it can hear at once: those that came last; 0 where it does not hear. */
  sounds: number;
  /** Whether it is sent what was thought before earlier answers. */
  thoughts: boolean;
}

export interface ContinueRequest {
  run: string;
}

export interface Conversation {
  id: string;
  object: "conversation";
  title: string;
  titled_by: "" | "model" | "person";
  /** Empty for the default. */
  model: string;
  pinned: Moment | null;
  archived: Moment | null;
  created: Moment;
  /** When the last message came. */
  updated: Moment;
  running: boolean;
  settings: SamplingSettings;
  /** The message shown last. */
  leaf: string | null;
  /** Of all branches, oldest first. */
  messages: Message[];
  /** What waits or runs. */
  runs: Run[];
  /** Ids of messages that were taken back before they were answered. */
  withdrawn: string[];
}

/** What is given is changed. */
export interface ConversationChange {
  title?: string | null;
  pinned?: boolean | null;
  archived?: boolean | null;
  model?: string | null;
  settings?: SamplingSettings | null;
  leaf?: string | null;
}

/** Or was made, or restored. */
export interface ConversationChanged {
  type: "conversation.changed";
  id: string;
}

export interface ConversationDeleted {
  type: "conversation.deleted";
  id: string;
}

export interface ConversationGone {
  id: string;
  object: "conversation";
  deleted: true;
}

export interface ConversationList {
  object: "list";
  data: Summary[];
  has_more: boolean;
  next: string | null;
}

export interface ConversationNew {
  id: string;
  title?: string;
  model?: string;
  settings?: SamplingSettings | null;
}

export interface CustomConnector {
  type: "connector";
  connector_id: string;
  authorization?: OAuth2TokenAuth | APIKeyAuth | null;
  tool_configuration?: ToolConfiguration | null;
}

/** What a chunk of a stream adds to a message. */
export interface DeltaMessage {
  role?: string | null;
  content?: string | (TextChunk | ImageURLChunk | DocumentURLChunk | ReferenceChunk | FileChunk | ThinkChunk | AudioChunk)[] | null;
  tool_calls?: ToolCall[] | null;
  tool_call_id?: string | null;
  index?: number | null;
  metadata?: Record<string, unknown> | null;
}

export interface DocumentLibraryTool {
  tool_configuration?: ToolConfiguration | null;
  type: "document_library";
  library_ids: string[];
}

export interface DocumentURLChunk {
  type: "document_url";
  document_url: string;
  document_name?: string | null;
}

/** Texts to make vectors of: the public fields, then those beyond them. */
export interface EmbeddingRequest {
  /** Id or alias of a model of GET /v1/models that has embeddings. */
  model: string;
  /** A text, or several: a vector for each. */
  input: string | string[];
  /** For the client's own use: neither read, kept nor logged. */
  metadata?: Record<string, unknown> | null;
  /** Only the first numbers of each vector, of length 1 again. By default all of them. */
  output_dimension?: number | null;
  /** The type of the numbers; binary and ubinary pack eight of them into one. */
  output_dtype?: "float" | "int8" | "uint8" | "binary" | "ubinary";
  /** A list of numbers, or their bytes in base64: float32 in little-endian order, or one byte each. */
  encoding_format?: "float" | "base64";
  /** The same as output_dimension. */
  dimensions?: number | null;
  /** No effect. */
  user?: string | null;
}

export interface EmbeddingResponse {
  id: string;
  object: "list";
  /** The name that was asked for. */
  model: string;
  data: EmbeddingResponseData[];
  usage: UsageInfo;
}

export interface EmbeddingResponseData {
  object: "embedding";
  /** Numbers; base64 where encoding_format asks for it. */
  embedding: number[] | string;
  /** Which of the texts. */
  index: number;
}

export interface Ended {
  /** How many sessions. */
  ended: number;
}

/** Every error has the first six keys. docs/reference/errors.md lists the types, codes and reasons. */
export interface Error {
  object?: string;
  message: string;
  type: string;
  param: string | null;
  code: string | null;
  raw_status_code: number;
  /** What the message says without a language, where that can be said. */
  reason?: string | null;
  /** The numbers and names that the reason is said with. */
  values?: Record<string, number | string | string[]> | null;
}

/** Every branch, and all that is known of each message. */
export interface Exported {
  id: string;
  title: string;
  titled_by: "" | "model" | "person";
  model: string;
  settings: SamplingSettings;
  leaf: string | null;
  created: Moment;
  updated: Moment;
  pinned: Moment | null;
  archived: Moment | null;
  deleted: Moment | null;
  messages: MessageExported[];
  /** What reproduces the answers, by their ids: a record for each part. */
  replays: Record<string, (Record<string, unknown>)[]>;
}

/** Text around a gap to fill: the public fields, then those beyond them. */
export interface FIMCompletionRequest {
  /** Id or alias of a model of GET /v1/models that has completion_fim. */
  model: string;
  /** The text before the gap. */
  prompt: string;
  /** The text after the gap. */
  suffix?: string | null;
  /** How freely to draw; 0 always takes the likeliest token. By default the model's own. */
  temperature?: number | null;
  /** Draw from the likeliest tokens that hold this share together. */
  top_p?: number | null;
  /** Most tokens of the answer. By default, what the context leaves. */
  max_tokens?: number | null;
  /** The answer cannot end by itself before this many tokens. */
  min_tokens?: number | null;
  /** Send the answer as server-sent events while it is made. */
  stream?: boolean;
  /** Texts that end the answer and are not part of it. */
  stop?: string | string[] | null;
  /** The same seed gives the same answer. */
  random_seed?: number | null;
  /** For the client's own use: neither read, kept nor logged. */
  metadata?: Record<string, unknown> | null;
  /** No effect: prompts that begin alike are found without it. */
  prompt_cache_key?: string | null;
  /** Give with each choice what reproduces it: a record for `alize replay`. */
  replay?: boolean | null;
}

/** What belongs into the gap. */
export interface FIMCompletionResponse {
  id: string;
  object?: "chat.completion";
  /** Unix time in seconds. */
  created: number;
  /** The name that was asked for. */
  model: string;
  choices: ChatCompletionChoice[];
  usage: UsageInfo;
}

export interface FTModelCard {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  capabilities: ModelCapabilities;
  name: string | null;
  description: string | null;
  max_context_length: number;
  aliases: string[];
  deprecation: Moment | null;
  deprecation_replacement_model: string | null;
  default_model_temperature: number | null;
  internal: boolean;
  /** Beyond the public API: of the weights, as SPDX where there is one; null: not known. */
  license: string | null;
  /** Beyond the public API: most tokens of an answer without a limit; 0: what the context leaves; null: not known. */
  default_max_tokens: number | null;
  /** Beyond the public API: the few that it knows, as BCP 47; empty: many, or not known. */
  languages: string[];
  /** Beyond the public API: whether the same request with the same seed has the same answer, whatever else is computed; null: not known before it is loaded, or the upstream's to say. */
  deterministic: boolean | null;
  /** Beyond the public API: the host of the upstream that answers; empty: this server. */
  served_by: string;
  /** Beyond the public API: hosts outside this machine that a question reaches, nearest first. */
  left: string[];
  /** Beyond the public API: asleep, and loaded when it is asked; loading; awake; draining, which is put to sleep once its running answers have ended; failed, which could not be loaded; null: another server's. */
  state: "asleep" | "loading" | "awake" | "draining" | "failed" | null;
  /** Beyond the public API: how much of it is loaded, while it is being loaded. */
  loaded_percent: number | null;
  type: "fine-tuned";
  job: string;
  root: string;
  archived: boolean;
}

export interface FileChunk {
  type: "file";
  file_id: string;
}

export interface Function {
  name: string;
  description?: string;
  /** Not supported yet: arguments are not constrained. */
  strict?: boolean;
  /** A JSON schema. */
  parameters: Record<string, unknown>;
}

export interface FunctionCall {
  /** In a stream, empty but for a call's first piece. */
  name: string;
  /** JSON as a text, as the model wrote it; it may be none. */
  arguments: Record<string, unknown> | string;
}

export interface FunctionName {
  name: string;
}

export interface GuardrailConfig {
  block_on_error?: boolean;
  moderation_llm_v1?: ModerationLLMV1Config | null;
  moderation_llm_v2?: ModerationLLMV2Config | null;
}

/** A 422 also says field by field what was wrong. */
export interface HTTPValidationError {
  object?: string;
  message: string;
  type: string;
  param: string | null;
  code: string | null;
  raw_status_code: number;
  /** What the message says without a language, where that can be said. */
  reason?: string | null;
  /** The numbers and names that the reason is said with. */
  values?: Record<string, number | string | string[]> | null;
  detail: ValidationError[];
}

export interface Health {
  status: "ready" | "unready";
  checks: Record<string, string>;
}

export interface Hit {
  conversation: string;
  title: string;
  /** Null where the title matched. */
  message: string | null;
  created: Moment;
  /** Whether its conversation is. */
  archived: boolean;
  excerpt: string;
  /** Where the words stand in the excerpt: half-open, in UTF-16 units. */
  marks: ([number, number])[];
}

export interface Hits {
  object: "list";
  data: Hit[];
  has_more: boolean;
  next: string | null;
}

export interface ImageGenerationTool {
  tool_configuration?: ToolConfiguration | null;
  type: "image_generation";
}

export interface ImageURL {
  url: string;
  detail?: "low" | "auto" | "high" | null;
}

export interface ImageURLChunk {
  type: "image_url";
  image_url: ImageURL | string;
}

/** As OpenAI's clients send it. */
export interface InputAudio {
  data: string;
  format?: string | null;
}

export interface Invitation {
  id: string;
  object: "invitation";
  role: "owner" | "member";
  name: string;
  /** The principal. */
  made_by: string;
  created: Moment;
  expires: Moment;
  used: Moment | null;
  revoked: Moment | null;
}

export interface InvitationList {
  object: "list";
  data: Invitation[];
  has_more: boolean;
  next: string | null;
}

export interface InvitationOffer {
  object: "invitation.offer";
  role: "owner" | "member";
  workspace: string;
  expires: Moment;
}

export interface InvitationRequest {
  role?: "owner" | "member";
  /** A note: whom it is for. */
  name?: string;
  /** How long it can be used. */
  days?: number;
}

export interface InvitationRevoked {
  id: string;
  object: "invitation";
  deleted: true;
}

export interface JsonSchema {
  name: string;
  description?: string | null;
  schema: Record<string, unknown>;
  strict?: boolean;
}

export interface Key {
  id: string;
  object: "key";
  name: string;
  /** The first characters of the secret. */
  prefix: string;
  scopes: ("inference" | "admin")[];
  created: Moment;
  last_used: Moment | null;
  expires: Moment | null;
  revoked: Moment | null;
}

export interface KeyDeleted {
  id: string;
  object: "key";
  deleted: true;
}

export interface KeyList {
  object: "list";
  data: Key[];
  has_more: boolean;
  next: string | null;
}

export interface KeyRequest {
  /** What the key is for, to recognize it by. */
  name: string;
  scopes?: ("inference" | "admin")[];
  /** When it ends: ISO 8601 with a time zone. Never, by default. */
  expires?: Moment | null;
}

export interface LookRequest {
  token: string;
}

export interface Message {
  id: string;
  parent: string | null;
  role: "user" | "assistant";
  content: string;
  attachments: Attachment[];
  created: Moment;
  run: string | null;
  model: string;
  /** Empty for this machine, else the host that answered. */
  served_by: string;
  state: "waiting" | "running" | "done" | "stopped" | "failed" | "cut_off";
  /** Why it ended, where it is done. */
  finish: "stop" | "length" | "model_length" | null;
  error: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  seconds: number;
  first_token_seconds: number;
  /** Hosts that something was sent to. */
  left: string[];
  /** Of docs/reference/errors.md, or the type of an error without one. */
  error_code: string | null;
  /** What `error` says without a language: a name of docs/reference/errors.md. */
  error_reason: string | null;
  /** The numbers and names that the reason is said with. */
  error_values: Record<string, number | string | string[]>;
  /** What the model thought before it answered. */
  thought: string;
  thought_seconds: number;
}

export interface MessageExported {
  id: string;
  parent: string | null;
  role: "user" | "assistant";
  content: string;
  attachments: AttachmentExported[];
  created: Moment;
  run: string | null;
  model: string;
  /** Empty for this machine, else the host that answered. */
  served_by: string;
  state: "waiting" | "running" | "done" | "stopped" | "failed" | "cut_off";
  /** Why it ended, where it is done. */
  finish: "stop" | "length" | "model_length" | null;
  error: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  seconds: number;
  first_token_seconds: number;
  /** Hosts that something was sent to. */
  left: string[];
  /** Of docs/reference/errors.md, or the type of an error without one. */
  error_code: string | null;
  /** What `error` says without a language: a name of docs/reference/errors.md. */
  error_reason: string | null;
  /** The numbers and names that the reason is said with. */
  error_values: Record<string, number | string | string[]>;
  /** What the model thought before it answered. */
  thought: string;
  thought_seconds: number;
  conversation: string;
}

export interface MessageNew {
  id: string;
  parent?: string | null;
  content: string;
  attachments?: AttachmentNew[];
  answer: AnswerIds;
}

export interface ModelCapabilities {
  completion_chat: boolean;
  function_calling: boolean;
  reasoning: boolean;
  completion_fim: boolean;
  fine_tuning: boolean;
  vision: boolean;
  ocr: boolean;
  classification: boolean;
  moderation: boolean;
  audio: boolean;
  audio_transcription: boolean;
  audio_transcription_realtime: boolean;
  audio_speech: boolean;
  unified_resources: boolean;
  /** Beyond the public API, which has no word for it: POST /v1/embeddings. */
  embeddings: boolean;
}

export interface ModelCard {
  id: string;
  object: "model";
  created: number;
  owned_by: string;
  capabilities: ModelCapabilities;
  name: string | null;
  description: string | null;
  max_context_length: number;
  aliases: string[];
  deprecation: Moment | null;
  deprecation_replacement_model: string | null;
  default_model_temperature: number | null;
  internal: boolean;
  /** Beyond the public API: of the weights, as SPDX where there is one; null: not known. */
  license: string | null;
  /** Beyond the public API: most tokens of an answer without a limit; 0: what the context leaves; null: not known. */
  default_max_tokens: number | null;
  /** Beyond the public API: the few that it knows, as BCP 47; empty: many, or not known. */
  languages: string[];
  /** Beyond the public API: whether the same request with the same seed has the same answer, whatever else is computed; null: not known before it is loaded, or the upstream's to say. */
  deterministic: boolean | null;
  /** Beyond the public API: the host of the upstream that answers; empty: this server. */
  served_by: string;
  /** Beyond the public API: hosts outside this machine that a question reaches, nearest first. */
  left: string[];
  /** Beyond the public API: asleep, and loaded when it is asked; loading; awake; draining, which is put to sleep once its running answers have ended; failed, which could not be loaded; null: another server's. */
  state: "asleep" | "loading" | "awake" | "draining" | "failed" | null;
  /** Beyond the public API: how much of it is loaded, while it is being loaded. */
  loaded_percent: number | null;
  type: "base";
}

export interface ModelList {
  object: "list";
  data: (ModelCard | FTModelCard)[];
}

export interface ModerationLLMV1CategoryThresholds {
  sexual?: number | null;
  hate_and_discrimination?: number | null;
  violence_and_threats?: number | null;
  dangerous_and_criminal_content?: number | null;
  selfharm?: number | null;
  health?: number | null;
  financial?: number | null;
  law?: number | null;
  pii?: number | null;
}

export interface ModerationLLMV1Config {
  model_name?: string;
  custom_category_thresholds?: ModerationLLMV1CategoryThresholds | null;
  ignore_other_categories?: boolean;
  action?: "none" | "block";
}

export interface ModerationLLMV2CategoryThresholds {
  sexual?: number | null;
  hate_and_discrimination?: number | null;
  violence_and_threats?: number | null;
  dangerous?: number | null;
  criminal?: number | null;
  selfharm?: number | null;
  health?: number | null;
  financial?: number | null;
  law?: number | null;
  pii?: number | null;
  jailbreaking?: number | null;
}

export interface ModerationLLMV2Config {
  model_name?: string;
  custom_category_thresholds?: ModerationLLMV2CategoryThresholds | null;
  ignore_other_categories?: boolean;
  action?: "none" | "block";
}

export interface NewInvitation {
  id: string;
  object: "invitation";
  role: "owner" | "member";
  name: string;
  /** The principal. */
  made_by: string;
  created: Moment;
  expires: Moment;
  used: Moment | null;
  revoked: Moment | null;
  /** What the link ends in: /invitation#TOKEN. It is not kept and never shown again. */
  link_token: string;
}

export interface NewKey {
  id: string;
  object: "key";
  name: string;
  /** The first characters of the secret. */
  prefix: string;
  scopes: ("inference" | "admin")[];
  created: Moment;
  last_used: Moment | null;
  expires: Moment | null;
  revoked: Moment | null;
  /** The secret. It is not kept and never shown again. */
  key: string;
}

export interface OAuth2TokenAuth {
  type: "oauth2-token";
  value: string;
}

export interface OutsideAccess {
  /** That pictures in answers may come from: names, `*.example.org`, `*`. Told to who is signed in. */
  hosts: string[];
  /** No host is asked, whatever `hosts` says. */
  offline: boolean;
}

export interface PasswordChange {
  /** A new one has 8 to 256 characters. */
  old: string;
  /** A new one has 8 to 256 characters. */
  new: string;
}

export interface Prediction {
  type?: "content";
  content?: string;
}

export interface PromptTokensDetails {
  /** How many of the prompt's tokens were computed before. */
  cached_tokens?: number;
}

/** The first word: whatever changes after it is told. */
export interface Ready {
  type: "ready";
}

export interface ReferenceChunk {
  type: "reference";
  reference_ids: (number | string)[];
}

export interface RegenerateRequest {
  answer: AnswerIds;
}

export interface ReloadRequest {
  /** Other weights: a path of the server, in `home` or one of the setting `weight_folders`. */
  path?: string | null;
  /** Other weights: those of this model, which is here. Without either, the same are read again. */
  model?: string | null;
}

/** What reproduces an answer. */
export interface Replays {
  object: "list";
  /** A record for each part: one, and one more for each time that it was continued. */
  data: (Record<string, unknown>)[];
  /** Whether they cover all of it: not what an upstream answered, nor what a server died over. */
  whole: boolean;
}

/** A model of this server. */
export interface Resident {
  id: string;
  object: "resident";
  name: string;
  /** Whether it is the one that is meant where none is named. */
  default: boolean;
  state: "asleep" | "loading" | "awake" | "draining" | "failed";
  /** When the state began. */
  since: Moment;
  /** How much of it is loaded, while it is being loaded and that is known. */
  percent: number | null;
  /** Whether other weights are being loaded for it. */
  reloading: boolean;
  pinned: boolean;
  /** What it takes of the budget now: weights, cache, and what it computes with. */
  bytes: number;
  /** The least that it can be loaded with; null where its files were not looked at yet. */
  least_bytes: number | null;
  /** Requests that use it. */
  running: number;
  /** Requests that wait for it. */
  waiting: number;
  /** How often its weights were loaded since the server began. */
  generation: number;
  /** Why it could not be loaded. */
  error: string | null;
  adapters: ResidentAdapter[];
}

export interface ResidentAdapter {
  name: string;
  /** How often the name was given something new, since the weights were loaded. */
  generation: number;
  rank: number;
  bytes: number;
}

export interface ResidentList {
  object: "list";
  data: Resident[];
  /** What all models together may take. */
  budget_bytes: number;
  /** What of it no model has. */
  free_bytes: number;
}

export interface ResponseFormat {
  type?: "text" | "json_object" | "json_schema";
  json_schema?: JsonSchema | null;
}

export interface Run {
  id: string;
  /** The answer it makes. */
  message: string;
  state: "waiting" | "running" | "done" | "stopped" | "failed" | "cut_off";
  /** The number of its last event. */
  seq: number;
}

/** A question was asked, or an answer is made again or gone on with. */
export interface RunBegun {
  type: "run.started";
  run: string;
  conversation: string;
  message: string;
}

/** Whoever made it died. */
export interface RunCutOff {
  type: "run.cut_off";
}

/** More text. */
export interface RunDelta {
  type: "message.output.delta";
  content: string;
}

/** The answer is whole, or as long as it may be. `usage.completion_tokens` and the seconds are of all its parts. */
export interface RunDone {
  type: "conversation.response.done";
  finish: "length" | "model_length" | "stop";
  usage: RunSpent;
  seconds: number;
  first_token_seconds: number;
  left: string[];
}

export type RunEvent = RunStarted | RunDelta | RunThought | RunDone | RunFailed | RunStopped | RunCutOff | RunGap;

/** It cannot go on. The text until here stays. */
export interface RunFailed {
  type: "conversation.response.error";
  message: string;
  code: string | null;
  reason?: string | null;
  values?: Record<string, number | string | string[]>;
}

/** What is asked for is not in the log any more: the conversation is to be read again. Never logged itself. */
export interface RunGap {
  type: "run.gap";
}

/** Tokens. Of the prompt's, `cached_tokens` were not computed again. */
export interface RunSpent {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
}

/** The model has the question. `sent_from`: the first message it was sent, None for all; `dropped`: how many it was not. */
export interface RunStarted {
  type: "conversation.response.started";
  conversation_id: string;
  message_id: string;
  model: string;
  served_by: string;
  sent_from: string | null;
  dropped: number;
  prompt_tokens: number;
  completion_tokens?: number;
}

/** Somebody stopped it. The text until here stays. */
export interface RunStopped {
  type: "run.stopped";
  by: "person";
}

/** More of what the model thinks before it answers. `seconds`: how long it has thought until here. */
export interface RunThought {
  type: "message.thought.delta";
  content: string;
  seconds: number;
}

export interface Said {
  message: Message;
  answer: Message;
  run: Run;
}

/** How a conversation's answers are drawn: what the public API would take. What is not given is the model's own. */
export interface SamplingSettings {
  system?: string | null;
  temperature?: number | null;
  top_p?: number | null;
  top_k?: number | null;
  min_p?: number | null;
  max_tokens?: number | null;
  presence_penalty?: number | null;
  frequency_penalty?: number | null;
  seed?: number | null;
  stop?: string[] | null;
}

export interface SessionState {
  object: "session";
  signed_in: boolean;
  /** There is no account yet: the first visit makes one with POST /api/setup. */
  setup: boolean;
  setup_token_needed: boolean;
  /** Everybody on this machine is one person; there is no signing in. */
  no_auth: boolean;
  account: Account | null;
  /** Sent as X-CSRF-Token with everything that changes something. */
  csrf: string;
  limits: AttachmentLimits;
  outside: OutsideAccess;
  version: string;
}

export interface SetupRequest {
  /** What the server printed when it started; needed unless it listens on loopback only. */
  token?: string | null;
  /** Upper and lower case are the same. */
  email: string;
  name: string;
  /** A new one has 8 to 256 characters. */
  password: string;
}

export interface SignInRequest {
  /** Upper and lower case are the same. */
  email: string;
  /** A new one has 8 to 256 characters. */
  password: string;
}

export interface StreamOptions {
  /** No effect: the last chunk always has the usage. */
  include_usage?: boolean | null;
  /** No effect: nothing is padded. */
  include_obfuscation?: boolean | null;
}

/** What the whole answer must match: one of these. */
export interface StructuredOutputs {
  /** A JSON schema. */
  json?: Record<string, unknown> | null;
  /** A regular expression, as Rust has it. */
  regex?: string | null;
  /** One of these texts. */
  choice?: string[] | null;
  /** A Lark grammar. */
  grammar?: string | null;
}

export interface Summary {
  id: string;
  object: "conversation";
  title: string;
  titled_by: "" | "model" | "person";
  /** Empty for the default. */
  model: string;
  pinned: Moment | null;
  archived: Moment | null;
  created: Moment;
  /** When the last message came. */
  updated: Moment;
  running: boolean;
}

export interface SystemMessage {
  /** `developer` is OpenAI's newer name for `system`. */
  role: "system" | "developer";
  content: string | (TextChunk | ThinkChunk)[];
}

export interface TextChunk {
  type: "text";
  text: string;
}

export interface ThinkChunk {
  type: "thinking";
  thinking: (TextChunk | ToolReferenceChunk | ReferenceChunk)[];
  signature?: string | null;
  closed?: boolean;
}

export interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: number[];
  token_id: number;
}

export interface TokenLogprobs {
  token: string;
  logprob: number;
  bytes: number[];
  token_id: number;
  top_logprobs?: TokenLogprob[];
}

export interface Tool {
  type: "function";
  function: Function;
}

export interface ToolCall {
  id?: string;
  type?: "function";
  function: FunctionCall;
  index?: number;
}

export interface ToolChoice {
  type?: "function";
  function: FunctionName;
}

export interface ToolConfiguration {
  exclude?: string[] | null;
  include?: string[] | null;
  requires_confirmation?: string[] | null;
}

export interface ToolMessage {
  role: "tool";
  content: string | (TextChunk | ImageURLChunk | DocumentURLChunk | ReferenceChunk | FileChunk | ThinkChunk | AudioChunk)[] | null;
  tool_call_id?: string | null;
  name?: string | null;
}

export interface ToolReferenceChunk {
  type: "tool_reference";
  tool: string;
  title: string;
  url?: string | null;
  favicon?: string | null;
  description?: string | null;
}

export interface TranscriptionEvent {
  event: "transcription.text.delta" | "transcription.segment" | "transcription.done";
  data: TranscriptionStreamTextDelta | TranscriptionStreamSegment | TranscriptionStreamDone;
}

export interface TranscriptionResponse {
  /** The name that was asked for. */
  model: string;
  text: string;
  /** As the request gave it. */
  language: string | null;
  /** What was said together, and when; none unless they were asked for. */
  segments: TranscriptionSegmentChunk[];
  usage: UsageInfo;
}

export interface TranscriptionSegmentChunk {
  type?: "transcription_segment";
  text: string;
  start: number;
  end: number;
  score?: number | null;
  speaker_id?: string | null;
}

export interface TranscriptionStreamDone {
  /** The name that was asked for. */
  model: string;
  text: string;
  /** As the request gave it. */
  language: string | null;
  /** What was said together, and when; none unless they were asked for. */
  segments: TranscriptionSegmentChunk[];
  usage: UsageInfo;
  type?: "transcription.done";
}

export interface TranscriptionStreamSegment {
  type?: "transcription.segment";
  text: string;
  start: number;
  end: number;
  score?: number | null;
  speaker_id?: string | null;
}

export interface TranscriptionStreamTextDelta {
  type?: "transcription.text.delta";
  text: string;
}

export interface UsageInfo {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  prompt_audio_seconds?: number | null;
  service_tier?: string | null;
  prompt_tokens_details?: PromptTokensDetails;
  completion_tokens_details?: CompletionTokensDetails | null;
}

export interface UsageList {
  object: "list";
  data: UsageRow[];
  has_more: boolean;
  next: string | null;
}

export interface UsageRow {
  /** The id of the answer. */
  id: string;
  object: "usage.request";
  /** Whose key it was. */
  principal: string;
  model: string;
  endpoint: string;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  /** Finish reasons, `cancelled` where the client left, or `error`. */
  outcome: string;
  created: Moment;
  seconds: number;
}

export interface UsageSum {
  object: "usage";
  since: Moment | null;
  requests: number;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface UserMessage {
  role: "user";
  content: string | (TextChunk | ImageURLChunk | DocumentURLChunk | ReferenceChunk | FileChunk | ThinkChunk | AudioChunk)[] | null;
}

export interface ValidationError {
  loc: (string | number)[];
  msg: string;
  type: string;
  input?: unknown;
  ctx?: Record<string, unknown> | null;
}

export interface WebSearchPremiumTool {
  tool_configuration?: ToolConfiguration | null;
  type: "web_search_premium";
}

export interface WebSearchTool {
  tool_configuration?: ToolConfiguration | null;
  type: "web_search";
}

export interface Withdrawn {
  run: Run;
  /** Ids of the messages that are there no more. */
  gone: string[];
}

/** By method and path. `null`: there is none. `answer` is of success; a `stream` carries events of its type. */
export interface Calls {
  /** Continue a conversation. */
  "POST /v1/chat/completions": {
    path: null;
    query: null;
    body: ChatCompletionRequest;
    answer: ChatCompletionResponse;
    stream: CompletionEvent;
  };
  /** Write down what is said in a sound. */
  "POST /v1/audio/transcriptions": {
    path: null;
    query: null;
    body: AudioTranscriptionRequest;
    answer: TranscriptionResponse;
    stream: TranscriptionEvent;
  };
  /** Make a pass with which a page opens WebSockets of one model. Its own server asks, which has a key. */
  "POST /v1/client/sessions": {
    path: null;
    query: null;
    body: ClientSessionRequest;
    answer: ClientSession;
    stream: null;
  };
  /** Fill a gap in a text. */
  "POST /v1/fim/completions": {
    path: null;
    query: null;
    body: FIMCompletionRequest;
    answer: FIMCompletionResponse;
    stream: CompletionEvent;
  };
  /** Make vectors of texts. */
  "POST /v1/embeddings": {
    path: null;
    query: null;
    body: EmbeddingRequest;
    answer: EmbeddingResponse;
    stream: null;
  };
  /** List the models that are served. */
  "GET /v1/models": {
    path: null;
    query: { provider?: string | null; model?: string | null };
    body: null;
    answer: ModelList;
    stream: null;
  };
  /** Describe one model, named by its id or an alias. */
  "GET /v1/models/{model_id}": {
    path: { model_id: string };
    query: null;
    body: null;
    answer: ModelCard | FTModelCard;
    stream: null;
  };
  /** Say who is signed in, and what the page must know before anybody is. */
  "GET /api/session": {
    path: null;
    query: null;
    body: null;
    answer: SessionState;
    stream: null;
  };
  /** Sign in. The session that the browser came with, if any, ends, and its cookie is replaced. */
  "POST /api/session": {
    path: null;
    query: null;
    body: SignInRequest;
    answer: SessionState;
    stream: null;
  };
  /** Sign out. A no-op without a session. */
  "DELETE /api/session": {
    path: null;
    query: null;
    body: null;
    answer: null;
    stream: null;
  };
  /** Make the first account, an owner's, and sign in with it. Of many at once, one succeeds. */
  "POST /api/setup": {
    path: null;
    query: null;
    body: SetupRequest;
    answer: SessionState;
    stream: null;
  };
  /** Change one's name, language or theme. */
  "PATCH /api/account": {
    path: null;
    query: null;
    body: AccountChange;
    answer: Account;
    stream: null;
  };
  /** Set another password. All other sessions end. */
  "POST /api/account/password": {
    path: null;
    query: null;
    body: PasswordChange;
    answer: null;
    stream: null;
  };
  /** List the browsers one is signed in with, the last seen first. */
  "GET /api/sessions": {
    path: null;
    query: { limit?: number; after?: string | null };
    body: null;
    answer: BrowserSessionList;
    stream: null;
  };
  /** Sign out everywhere else. */
  "DELETE /api/sessions": {
    path: null;
    query: null;
    body: null;
    answer: Ended;
    stream: null;
  };
  /** End one of one's own sessions. */
  "DELETE /api/sessions/{session_id}": {
    path: { session_id: string };
    query: null;
    body: null;
    answer: null;
    stream: null;
  };
  /** List the workspace's accounts, oldest first, disabled ones included. */
  "GET /api/accounts": {
    path: null;
    query: { limit?: number; after?: string | null };
    body: null;
    answer: AccountList;
    stream: null;
  };
  /** Change an account's role, disable it or let it in again. The last owner who can sign in stays. */
  "PATCH /api/accounts/{account_id}": {
    path: { account_id: string };
    query: null;
    body: AccountPatch;
    answer: Account;
    stream: null;
  };
  /** List the workspace's invitations, newest first, used and ended ones included. */
  "GET /api/invitations": {
    path: null;
    query: { limit?: number; after?: string | null };
    body: null;
    answer: InvitationList;
    stream: null;
  };
  /** Make a link with which one person may make an account, once. This answer alone has its token. */
  "POST /api/invitations": {
    path: null;
    query: null;
    body: InvitationRequest;
    answer: NewInvitation;
    stream: null;
  };
  /** End an invitation that has not been used. It stays in the list. */
  "DELETE /api/invitations/{invitation_id}": {
    path: { invitation_id: string };
    query: null;
    body: null;
    answer: InvitationRevoked;
    stream: null;
  };
  /** Say what a link offers. The token comes in the body: addresses end up in logs. */
  "POST /api/invitations/look": {
    path: null;
    query: null;
    body: LookRequest;
    answer: InvitationOffer;
    stream: null;
  };
  /** Make the account, and sign in with it. */
  "POST /api/invitations/accept": {
    path: null;
    query: null;
    body: AcceptRequest;
    answer: SessionState;
    stream: null;
  };
  /** List the workspace's keys, newest first, ended ones included. */
  "GET /api/keys": {
    path: null;
    query: { limit?: number; after?: string | null };
    body: null;
    answer: KeyList;
    stream: null;
  };
  /** Make a key. The answer is the only place where its secret is ever shown. */
  "POST /api/keys": {
    path: null;
    query: null;
    body: KeyRequest;
    answer: NewKey;
    stream: null;
  };
  /** End a key for good. It stays in the list, since usage rows name it. */
  "DELETE /api/keys/{key_id}": {
    path: { key_id: string };
    query: null;
    body: null;
    answer: KeyDeleted;
    stream: null;
  };
  /** List the models of this server: the state of each, and what it takes of the memory. */
  "GET /api/models": {
    path: null;
    query: null;
    body: null;
    answer: ResidentList;
    stream: null;
  };
  /** Load a model, though nobody asks it anything yet. Others are put to sleep for it where they have to be. */
  "POST /api/models/{model_id}/load": {
    path: { model_id: string };
    query: null;
    body: null;
    answer: Resident;
    stream: null;
  };
  /** Put a model to sleep once its running answers have ended. Whoever asks it then wakes it. */
  "POST /api/models/{model_id}/sleep": {
    path: { model_id: string };
    query: null;
    body: null;
    answer: Resident;
    stream: null;
  };
  /** Never put a model to sleep, from now until the server ends. */
  "POST /api/models/{model_id}/pin": {
    path: { model_id: string };
    query: null;
    body: null;
    answer: Resident;
    stream: null;
  };
  /** Let a model be put to sleep where another one needs its memory. */
  "POST /api/models/{model_id}/unpin": {
    path: { model_id: string };
    query: null;
    body: null;
    answer: Resident;
    stream: null;
  };
  /**
   * Read a model's weights again, or give it others, until the server ends. Running answers end with the old ones, none is lost.
   *
   * It is answered when the new ones serve. Where they cannot be loaded the old ones stay, and the error says why.
   */
  "POST /api/models/{model_id}/reload": {
    path: { model_id: string };
    query: null;
    body: ReloadRequest;
    answer: Resident;
    stream: null;
  };
  /** Give a model an adapter, which is a model of its own name from then on; answers that run keep what they began with. */
  "PUT /api/models/{model_id}/adapters/{name}": {
    path: { model_id: string; name: string };
    query: null;
    body: AdapterPut;
    answer: Resident;
    stream: null;
  };
  /** Take an adapter away; answers that it gives end with it. One that is not there is none. A model that sleeps sleeps on. */
  "DELETE /api/models/{model_id}/adapters/{name}": {
    path: { model_id: string; name: string };
    query: null;
    body: null;
    answer: Resident;
    stream: null;
  };
  /** Add up what the workspace has used. */
  "GET /api/usage": {
    path: null;
    query: { since?: Moment | null };
    body: null;
    answer: UsageSum;
    stream: null;
  };
  /** List the workspace's requests, newest first. */
  "GET /api/usage/requests": {
    path: null;
    query: { limit?: number; after?: string | null };
    body: null;
    answer: UsageList;
    stream: null;
  };
  /** Fetch a picture of an answer: from hosts that the settings name, from public addresses, and never anything but a picture. */
  "GET /api/outside": {
    path: null;
    query: { url: string; message?: string | null };
    body: null;
    answer: Blob;
    stream: null;
  };
  /** Say that the process runs. */
  "GET /health/live": {
    path: null;
    query: null;
    body: null;
    answer: Health;
    stream: null;
  };
  /** Say whether requests can be answered, and why not. A 503 is an error like any other that also has `checks`. */
  "GET /health/ready": {
    path: null;
    query: null;
    body: null;
    answer: Health;
    stream: null;
  };
  /** Say whether requests can be answered, and why not. A 503 is an error like any other that also has `checks`. */
  "GET /health": {
    path: null;
    query: null;
    body: null;
    answer: Health;
    stream: null;
  };
  /** Report numbers about engines and requests. They name models and routes, never users. */
  "GET /metrics": {
    path: null;
    query: null;
    body: null;
    answer: string;
    stream: null;
  };
  /** List your conversations: those you pinned, then the others, each the last updated first. */
  "GET /api/conversations": {
    path: null;
    query: { archived?: boolean; limit?: number; after?: string | null };
    body: null;
    answer: ConversationList;
    stream: null;
  };
  /** Begin a conversation. The same again is answered with the one that is there. */
  "POST /api/conversations": {
    path: null;
    query: null;
    body: ConversationNew;
    answer: Conversation;
    stream: null;
  };
  /** Read a conversation with the messages of all its branches. */
  "GET /api/conversations/{conversation_id}": {
    path: { conversation_id: string };
    query: null;
    body: null;
    answer: Conversation;
    stream: null;
  };
  /** Rename, pin, archive or set up a conversation, or say which branch is shown. */
  "PATCH /api/conversations/{conversation_id}": {
    path: { conversation_id: string };
    query: null;
    body: ConversationChange;
    answer: Summary;
    stream: null;
  };
  /** Delete a conversation. For an hour it can be restored; its answers in the making are stopped. */
  "DELETE /api/conversations/{conversation_id}": {
    path: { conversation_id: string };
    query: null;
    body: null;
    answer: ConversationGone;
    stream: null;
  };
  /** Take a deletion back. */
  "POST /api/conversations/{conversation_id}/restore": {
    path: { conversation_id: string };
    query: null;
    body: null;
    answer: Summary;
    stream: null;
  };
  /** Take a conversation away: the shown branch as Markdown, or everything as JSON. */
  "GET /api/conversations/{conversation_id}/export": {
    path: { conversation_id: string };
    query: { format?: "markdown" | "json" };
    body: null;
    answer: Exported | string;
    stream: null;
  };
  /** Find your messages and titles that hold every word, whatever its case and accents, newest first. */
  "GET /api/search": {
    path: null;
    query: { q: string; limit?: number; after?: string | null };
    body: null;
    answer: Hits;
    stream: null;
  };
  /** Keep a picture or a sound for a question that is about to be asked. One that no message refers to is removed after a day. */
  "POST /api/attachments": {
    path: null;
    query: { name: string };
    body: Blob;
    answer: Attached;
    stream: null;
  };
  /** Read a picture or a sound, whole or in part, as it was uploaded. */
  "GET /api/attachments/{attachment_id}": {
    path: { attachment_id: string };
    query: null;
    body: null;
    answer: Blob;
    stream: null;
  };
  /** Say what of a conversation the model would still be sent with the next question. */
  "GET /api/conversations/{conversation_id}/context": {
    path: { conversation_id: string };
    query: { leaf?: string | null };
    body: null;
    answer: ContextUse;
    stream: null;
  };
  /** Say the same of messages that are kept nowhere: those of a temporary chat. Nothing of them is kept here either. */
  "POST /api/context": {
    path: null;
    query: null;
    body: ContextQuestion;
    answer: ContextUse;
    stream: null;
  };
  /** Ask. The question is kept before it is answered; behind an answer in the making it waits its turn. */
  "POST /api/conversations/{conversation_id}/messages": {
    path: { conversation_id: string };
    query: null;
    body: MessageNew;
    answer: Said;
    stream: null;
  };
  /** Answer the same question again, beside the answer that is there. */
  "POST /api/messages/{message_id}/regenerate": {
    path: { message_id: string };
    query: null;
    body: RegenerateRequest;
    answer: Answered;
    stream: null;
  };
  /** Go on with an answer that was stopped, cut off, or as long as it might be. */
  "POST /api/messages/{message_id}/continue": {
    path: { message_id: string };
    query: null;
    body: ContinueRequest;
    answer: Answered;
    stream: null;
  };
  /** Take what reproduces an answer: a record for each part that was made in one go. `alize replay` makes it again. */
  "GET /api/messages/{message_id}/replay": {
    path: { message_id: string };
    query: null;
    body: null;
    answer: Replays;
    stream: null;
  };
  /** Stop an answer, from whichever page. What is there of it stays. A no-op where it has ended. */
  "POST /api/runs/{run_id}/stop": {
    path: { run_id: string };
    query: null;
    body: null;
    answer: Run;
    stream: null;
  };
  /** Take back a question that waits its turn: it and its answer are gone from every page. One that has begun is stopped instead. */
  "POST /api/runs/{run_id}/withdraw": {
    path: { run_id: string };
    query: null;
    body: null;
    answer: Withdrawn;
    stream: null;
  };
  /** Follow an answer from any point: what is there, then what comes. Each event has its number as `id`. */
  "GET /api/runs/{run_id}/events": {
    path: { run_id: string };
    query: { after?: number };
    body: null;
    answer: null;
    stream: RunEvent;
  };
  /** Hear what changes in your conversations, by whichever page or device. */
  "GET /api/changes": {
    path: null;
    query: null;
    body: null;
    answer: null;
    stream: Change;
  };
}
