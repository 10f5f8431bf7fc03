import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import type { Resident } from "@/api/types";
import { furnish } from "@/test/dom";
import { json, refused } from "@/test/fake-fetch";
import { openHouse } from "@/test/house";
import { modelCard } from "@/test/model-card";
import { ADA, faultsByAxe } from "./proof";

beforeEach(() => {
  localStorage.clear();
  furnish();
});

const button = (name: string | RegExp) => screen.findByRole("button", { name });

function residentOf(id: string, more: Partial<Resident> = {}): Resident {
  const rest = {
    percent: null,
    reloading: false,
    least_bytes: null,
    running: 0,
    waiting: 0,
    generation: 0,
    error: null,
  };
  return {
    id,
    object: "resident",
    name: id,
    default: false,
    state: "asleep",
    since: "2026-02-10T12:00:00Z",
    pinned: false,
    bytes: 0,
    adapters: [],
    ...rest,
    ...more,
  };
}

function openModels(given: Resident[]) {
  let models = given;
  const house = openHouse("/settings/models", { account: ADA });
  const change = (path: string, patch: Partial<Resident>) => {
    const id = path.split("/")[3] ?? "";
    models = models.map((one) => (one.id === id ? { ...one, ...patch } : one));
    return json(models.find((one) => one.id === id));
  };
  house.server.on({
    "GET /api/models": () => json({ object: "list", data: models, budget_bytes: 4 * 1024 ** 3, free_bytes: 1024 ** 3 }),
    "POST /api/models/:id/load": ({ path }) => change(path, { state: "loading", percent: 40 }),
    "POST /api/models/:id/sleep": ({ path }) => change(path, { state: "asleep", bytes: 0 }),
    "POST /api/models/:id/pin": ({ path }) => change(path, { pinned: true }),
    "POST /api/models/:id/unpin": ({ path }) => change(path, { pinned: false }),
  });
  return house;
}

const SMALL = residentOf("small", { default: true, state: "awake", pinned: true, bytes: 2 * 1024 ** 3, running: 1 });
const LARGE = residentOf("large", { least_bytes: 3 * 1024 ** 3 });

test("every model is listed with its state and what it takes", async () => {
  openModels([SMALL, LARGE]);
  const row = (await screen.findByText("small", { selector: "li *" })).closest("li");
  expect(row?.textContent).toContain("smallDefaultAwaketakes 2 GB, its cache included · 1 request running");
  expect(screen.getByText("1 GB of 4 GB is free.")).toBeTruthy();
  expect(screen.getByText("Asleep: loaded when it is asked")).toBeTruthy();
  expect(screen.getByText("needs 3 GB at least")).toBeTruthy();
  expect((await button("Put to sleep: small")).hasAttribute("disabled")).toBe(true);
  expect(await faultsByAxe()).toEqual([]);
});

test("new weights, how often it was loaded, and its adapters with their versions are said", async () => {
  const adapter = { rank: 8, bytes: 1024 };
  const adapters = [
    { name: "law", generation: 2, ...adapter },
    { name: "poems", generation: 1, ...adapter },
  ];
  openModels([{ ...SMALL, reloading: true, generation: 3, adapters }, LARGE]);
  const row = (await screen.findByText("Getting new weights")).closest("li");
  expect(row?.textContent).toContain("1 request running · loaded 3 times");
  expect(row?.textContent).toContain("Adapters: law, version 2 · poems");
  expect(screen.getByText("large", { selector: "li *" }).closest("li")?.textContent).not.toMatch(
    /weights|times|Adapters/,
  );
  expect(await faultsByAxe()).toEqual([]);
});

test("a model is loaded, and how far it is is shown", async () => {
  const { person } = openModels([SMALL, LARGE]);
  await person.click(await button("Load: large"));
  expect(await screen.findByText("Being loaded: 40%")).toBeTruthy();
  expect(screen.getByRole("progressbar", { name: "large" }).getAttribute("aria-valuenow")).toBe("40");
});

test("putting to sleep is asked about first, and one that is kept awake cannot be", async () => {
  const { person, server } = openModels([SMALL, LARGE]);
  await person.click(await screen.findByRole("switch", { name: "Keep awake: small" }));
  await waitFor(async () => expect((await button("Put to sleep: small")).hasAttribute("disabled")).toBe(false));
  await person.click(await button("Put to sleep: small"));
  const dialog = await screen.findByRole("alertdialog");
  expect(server.asked.some(({ path }) => path.endsWith("/sleep"))).toBe(false);
  await person.click(within(dialog).getByRole("button", { name: "Put to sleep" }));
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  expect(await button("Load: small")).toBeTruthy();
});

test("what is refused is said beside its row, and so is why one could not be loaded", async () => {
  const broken = residentOf("broken", { state: "failed", error: "broken.gguf is damaged." });
  const { person, server } = openModels([SMALL, LARGE, broken]);
  const reason = { reason: "model_changing", values: { model: "large" } };
  server.on({ "POST /api/models/:id/load": () => refused(409, "It is being loaded.", "conflict", reason) });
  await person.click(await button("Load: large"));
  const said = await screen.findByText(/^This was not done\. The model large is being loaded/);
  expect(said.closest("li")?.textContent).toContain("large");
  expect(screen.getByText("broken.gguf is damaged.").closest("li")?.textContent).toContain("broken");
});

test("the menu says of each model whether it is awake", async () => {
  const house = openHouse("/", { account: ADA });
  const cards = [
    modelCard("small", { name: "Small" }),
    modelCard("large", { name: "Large", state: "loading", loaded_percent: 7 }),
    modelCard("far", { name: "Far", state: null, served_by: "api.example.com" }),
  ];
  house.server.on({ "GET /v1/models": () => json({ object: "list", data: cards }) });
  await house.person.click(await button(/Small/));
  const of = async (name: RegExp) => (await screen.findByRole("menuitemradio", { name })).textContent;
  expect(await of(/Small/)).toContain("Awake");
  expect(await of(/Large/)).toContain("Being loaded: 7%");
  expect(await of(/Far/)).not.toMatch(/Awake|Asleep/);
});
