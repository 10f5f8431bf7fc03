/** Arriving, and the pages of one's own house. */
import type { Account, ApiKey, Invitation, Resident, SignedIn } from "@/api/types";
import { json, refused } from "@/test/fake-fetch";
import { ALIX } from "@/test/fake-house";
import { page } from "../page";
import { press, type Scene, type } from "../scene";
import { LONG_WORD } from "../texts";

const NOBODY = { session: { signed_in: false, account: null, csrf: "" } };
const DAY = "2026-01-05T10:00:00Z";
const LATER = "2999-01-05T10:00:00Z";

const list = (data: unknown[]) => () => json({ object: "list", data, next: null });

function keyOf(id: string, more: Partial<ApiKey> = {}): ApiKey {
  const rest = { prefix: "alz_ab", scopes: ["inference"] satisfies ApiKey["scopes"], created: DAY };
  return { id, object: "key", name: id, ...rest, last_used: null, expires: null, revoked: null, ...more };
}
const KEYS = [
  keyOf("Backup script", { last_used: DAY, expires: LATER, scopes: ["inference", "admin"] }),
  keyOf(LONG_WORD),
  keyOf("Withdrawn", { revoked: DAY }),
  keyOf("Ended", { expires: DAY }),
];

function invitationOf(id: string, more: Partial<Invitation> = {}): Invitation {
  const dates = { used: null, revoked: null, created: DAY, expires: LATER };
  return { id, object: "invitation", role: "member", name: id, made_by: ALIX.id, ...dates, ...more };
}
const INVITATIONS = [
  invitationOf("Carla"),
  invitationOf(LONG_WORD, { role: "owner" }),
  invitationOf("Used", { used: DAY }),
  invitationOf("Ended", { expires: DAY }),
];
const person = (id: string, more: Partial<Account> = {}): Account => {
  return { ...ALIX, id, name: id, email: `${id.toLowerCase()}@example.org`, role: "member", disabled: null, ...more };
};
const PEOPLE = [{ ...ALIX, disabled: null }, person("Bob"), person(LONG_WORD), person("Gone", { disabled: DAY })];

function session(id: string, more: Partial<SignedIn> = {}): SignedIn {
  const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  const dates = { created: DAY, last_seen: DAY, expires: LATER };
  return { id, object: "browser_session", user_agent: agent, address: "192.0.2.7", ...dates, current: false, ...more };
}
const SESSIONS = [
  session("1", { current: true }),
  session("2", { user_agent: LONG_WORD, address: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" }),
];

const GIB = 1024 ** 3;
function residentOf(id: string, more: Partial<Resident> = {}): Resident {
  const none = { percent: null, reloading: false, pinned: false, bytes: 0, running: 0, waiting: 0 };
  const rest = { generation: 0, error: null, adapters: [], default: false, since: DAY, least_bytes: 3 * GIB };
  return { id, object: "resident", name: id, state: "asleep", ...none, ...rest, ...more };
}
const RESIDENTS = [
  residentOf("Small", {
    default: true,
    state: "awake",
    pinned: true,
    bytes: 2 * GIB,
    running: 3,
    reloading: true,
    generation: 3,
    adapters: [
      { name: "law", generation: 2, rank: 8, bytes: 1024 },
      { name: "poems", generation: 1, rank: 8, bytes: 1024 },
    ],
  }),
  residentOf("Large", { state: "loading", percent: 40, waiting: 2 }),
  residentOf("Ending", { state: "draining", bytes: GIB, running: 1 }),
  residentOf(LONG_WORD),
  residentOf("Broken", { state: "failed", error: "The weights cannot be read: the file is shorter than it says." }),
];
const HELD = { object: "list", data: RESIDENTS, budget_bytes: 8 * GIB, free_bytes: 2 * GIB };
const KEPT = { "GET /api/keys": list(KEYS) };

export const ACCOUNT: readonly Scene[] = [
  { id: "sign-in", title: "Signing in", mount: () => page("/sign-in", NOBODY), until: "form" },
  {
    id: "sign-in-refused",
    title: "Refused",
    mount: () =>
      page("/sign-in", NOBODY, {
        "POST /api/session": () => refused(401, "Wrong.", "authentication_error"),
      }),
    act: async () => {
      await type("[autocomplete=email]", "alix@example.org");
      await type("[autocomplete=current-password]", "wrong horse");
      await press("account.sign_in");
    },
    until: "form [role=alert]:not(:empty), form .text-bad",
  },
  {
    id: "setup",
    title: "The first account, with what is missing said",
    mount: () => page("/setup", { session: { ...NOBODY.session, setup: true, setup_token_needed: true } }),
    act: () => press("account.setup_do"),
    until: "form [aria-invalid]",
  },
  {
    id: "invitation",
    title: "An invitation",
    mount: () =>
      page("/invitation#token", NOBODY, {
        "POST /api/invitations/look": () => json({ role: "member", workspace: "House", expires: LATER }),
      }),
    until: "form",
  },
  {
    id: "invitation-ended",
    title: "An invitation that has ended",
    mount: () => page("/invitation#token", NOBODY, { "POST /api/invitations/look": () => refused(404, "No.") }),
    until: "main p",
  },
  { id: "profile", title: "Name, language, theme", mount: () => page("/settings/"), until: "main form" },
  { id: "password", title: "Password", mount: () => page("/settings/password"), until: "main form" },
  {
    id: "sessions",
    title: "Where one is signed in",
    mount: () => page("/settings/sessions", {}, { "GET /api/sessions": list(SESSIONS) }),
    until: "main section li",
  },
  {
    id: "keys",
    title: "API keys",
    mount: () => page("/settings/keys", {}, KEPT),
    until: "main section li",
    tall: 1500,
  },
  {
    id: "keys-none",
    title: "No API keys",
    mount: () => page("/settings/keys", {}, { "GET /api/keys": list([]) }),
    until: "main [role=tabpanel]",
  },
  {
    id: "key-dialog",
    title: "A key is made",
    mount: () => page("/settings/keys", {}, KEPT),
    act: () => press("account.key_make"),
    until: "[role=dialog] form",
  },
  {
    id: "key-revoke",
    title: "A key is to be revoked",
    mount: () => page("/settings/keys", {}, KEPT),
    act: () => press("account.key_revoke"),
    until: "[role=dialog], [role=alertdialog]",
  },
  {
    id: "key-made",
    title: "A key, shown once",
    mount: () =>
      page(
        "/settings/keys",
        {},
        {
          ...KEPT,
          "POST /api/keys": () => json({ ...keyOf("Nightly import"), key: `alz_${"k".repeat(43)}` }, 201),
        },
      ),
    act: async () => {
      await press("account.key_make");
      await type("[role=dialog] input", "Nightly import");
      document.querySelector<HTMLElement>("[role=dialog] [type=submit]")?.click();
    },
    until: "main input[readonly]",
    tall: 1600,
  },
  {
    id: "server-models",
    title: "Models of the server",
    mount: () => page("/settings/models", {}, { "GET /api/models": () => json(HELD) }),
    until: "main section li",
    tall: 1100,
  },
  {
    id: "people",
    title: "People and invitations",
    mount: () =>
      page("/settings/people", {}, { "GET /api/accounts": list(PEOPLE), "GET /api/invitations": list(INVITATIONS) }),
    until: "main section li",
    tall: 1500,
  },
  {
    id: "people-denied",
    title: "People, for who may not",
    mount: () => page("/settings/people", { account: { ...ALIX, role: "member" } }),
    until: "main p.text-16",
  },
];
