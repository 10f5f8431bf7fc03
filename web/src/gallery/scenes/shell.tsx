/** The shell: its list, its pages, what floats over it, and how it stands when something is wrong. */
import type { SearchHit } from "@/api/types";
import { json, refused } from "@/test/fake-fetch";
import { summary } from "@/test/fake-house";
import { modelCard } from "@/test/model-card";
import { away, never, page } from "../page";
import { key, open, openRail, type Scene, seen, type } from "../scene";
import { LONG_WORD } from "../texts";

const MANY = {
  conversations: [
    summary(1, { title: "Pinned by hand", pinned: "2026-01-02T00:00:00Z" }),
    summary(2, { running: true }),
    summary(3, { title: LONG_WORD }),
    summary(4, { title: "" }),
    ...Array.from({ length: 40 }, (_, number) => summary(1500 + number * 700)),
  ],
};
const PUT_AWAY = {
  conversations: [
    summary(1, { title: LONG_WORD, archived: "2026-01-02T00:00:00Z" }),
    summary(2, { title: "Menu for twelve, no nuts", archived: "2026-01-02T00:00:00Z" }),
  ],
};
const hit = (conversation: string, more: Partial<SearchHit> = {}): SearchHit => ({
  conversation,
  title: "Quarterly letter to tenants",
  message: "m",
  excerpt: "All of the saving comes from Quay 4, where the new pump has run since March.",
  marks: [[29, 33]],
  created: "2026-01-02T09:00:00Z",
  archived: false,
  ...more,
});
const HITS = {
  hits: [hit("1"), hit("2", { archived: true, message: null, excerpt: LONG_WORD, marks: [[0, 5]], title: LONG_WORD })],
};
const FORBIDDEN = () => refused(403, "This account may not see that.");

export const SHELL: readonly Scene[] = [
  { id: "rail", title: "Many conversations", mount: () => page("/", MANY), until: "#composer" },
  {
    id: "drawer",
    title: "The list on a phone",
    mount: () => page("/", MANY),
    act: openRail,
    until: "nav li",
    each: true,
  },
  {
    id: "rename",
    title: "A conversation is renamed",
    mount: () => page("/", MANY),
    act: async () => {
      await openRail();
      await key("nav li a", "F2");
    },
    until: "nav input",
    each: true,
  },
  {
    id: "rail-waits",
    title: "The list is on its way, and so are the models",
    mount: () => page("/", {}, { "GET /api/conversations": never, "GET /v1/models": never }),
    until: "#composer",
  },
  {
    id: "rail-failed",
    title: "Neither list nor models",
    mount: () => page("/", {}, { "GET /api/conversations": FORBIDDEN, "GET /v1/models": FORBIDDEN }),
    until: "#composer",
  },
  {
    id: "away",
    title: "The server cannot be reached",
    // What never comes neither fails in the middle of a picture nor says that the server is there.
    mount: () =>
      page(
        "/",
        {},
        { "GET /api/conversations": never, "GET /v1/models": never, "GET /api/changes": away, "GET /health": away },
      ),
    until: ".bg-sun-soft",
  },
  {
    id: "account-menu",
    title: "The account's menu",
    mount: () => page("/"),
    act: async () => {
      await openRail();
      await open("shell.me");
    },
    until: "[role=menu]",
    each: true,
  },
  {
    id: "conversation-menu",
    title: "What can be done with a conversation",
    mount: () => page(`/c/${summary(2).id}`, MANY),
    act: () => open("shell.conversation_menu"),
    until: "[role=menu]",
  },
  {
    id: "models",
    title: "The choice of a model",
    mount: () =>
      page(
        "/",
        {},
        {
          "GET /v1/models": () =>
            json({
              object: "list",
              data: [
                modelCard("small", {
                  name: "SmolLM2 135M",
                  description: "Small and quick. English.",
                  license: "Apache-2.0",
                }),
                modelCard("large", {
                  max_context_length: 131_072,
                  served_by: `${"a-very-long-host-name-".repeat(4)}.example.com`,
                }),
                modelCard("near", { served_by: "127.0.0.1:8080" }),
                modelCard("far", { served_by: "api.example.com", left: ["house.example", "api.example.com"] }),
                modelCard(LONG_WORD, { description: LONG_WORD, max_context_length: 1 }),
              ],
            }),
        },
      ),
    act: () => open("shell.model"),
    until: "[role=menuitemradio]",
  },
  {
    id: "palette",
    title: "The palette, with hits",
    mount: () => page("/", { ...MANY, ...HITS }),
    act: async () => {
      await seen("#composer");
      await key("#composer", "k", { ctrlKey: true });
      await type("[role=combobox]", "pump");
    },
    until: "[role=dialog] mark",
  },
  {
    id: "palette-none",
    title: "The palette, with nothing found",
    mount: () => page("/", MANY),
    act: async () => {
      await seen("#composer");
      await key("#composer", "k", { ctrlKey: true });
      await type("[role=combobox]", "zebra");
    },
    until: "[role=dialog]",
  },
  {
    id: "shortcuts",
    title: "Every shortcut",
    mount: () => page("/"),
    act: () => key("main", "?"),
    until: "[role=dialog] dl",
  },
  {
    id: "toast",
    title: "A notice with a way back",
    mount: () => page("/", MANY),
    act: async () => {
      await openRail();
      await key("nav li a", "Delete");
    },
    until: "ol[tabindex] li",
    each: true,
  },
  { id: "search", title: "Hits", mount: () => page("/search?q=pump", HITS), until: "main mark" },
  { id: "search-none", title: "No hits", mount: () => page("/search?q=zebra"), until: "main p.text-16" },
  {
    id: "search-failed",
    title: "Search failed",
    mount: () => page("/search?q=x", {}, { "GET /api/search": FORBIDDEN }),
    until: "main [role=alert]",
  },
  { id: "archived", title: "Put away", mount: () => page("/archived", PUT_AWAY), until: "main time" },
  { id: "archived-none", title: "Nothing put away", mount: () => page("/archived"), until: "main p.text-16" },
  {
    id: "starting-failed",
    title: "The server answers nothing of use",
    mount: () => page("/", {}, { "GET /api/session": FORBIDDEN }),
    until: "[role=alert]",
  },
  { id: "not-found", title: "No such page", mount: () => page("/nowhere"), until: "main" },
];
