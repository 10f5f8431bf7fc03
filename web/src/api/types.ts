/** The page's names for what crosses the wire. In: the server's own types (schema.ts). Out: the same, as this page calls them. */
import type { Attachment, Calls, MessageNew, SamplingSettings, Conversation as Whole } from "./schema";

export type {
  Account,
  /** A text, one that is uploaded and has an `id`, or in a temporary chat one whose text is `data:TYPE;base64,…`. */
  Attachment,
  BrowserSession as SignedIn,
  Change,
  ContextQuestion,
  ContextUse,
  ConversationChange as ConversationPatch,
  ConversationList,
  ConversationNew as NewConversation,
  Error as ApiError,
  Hit as SearchHit,
  Invitation,
  InvitationOffer as Offer,
  Key as ApiKey,
  KeyList,
  Message,
  Moment,
  NewInvitation as MadeInvitation,
  NewKey as MadeKey,
  Resident,
  ResidentList,
  Run as RunState,
  RunEvent,
  Said as Begun,
  SessionState as Session,
  Summary as ConversationSummary,
} from "./schema";

export type Language = "en" | "fr" | "ja";

export type Model = Calls["GET /v1/models"]["answer"]["data"][number];

/** What a person has set, and nothing else: the server leaves out the rest. */
export type Sampling = { [Name in keyof SamplingSettings]?: NonNullable<SamplingSettings[Name]> };

export type Conversation = Omit<Whole, "settings"> & { settings: Sampling };

/** Its optional parts too: the page always says them, and shows what is attached before it is sent. */
export type NewMessage = Omit<Required<MessageNew>, "attachments"> & { attachments: Attachment[] };
