import { expect, test } from "vitest";
import { translate } from "@/i18n";
import { abilities, modelCard } from "@/test/model-card";
import { licenceOf, modelNamed, nameOf, PLACE_COLOURS, placeOf, placeWords, talking } from "./model-facts";

const small = modelCard("small", { name: "Small", aliases: ["tiny"], license: "Apache-2.0" });
const large = modelCard("large", { served_by: "api.example.com" });

test("a model of another host says so; one of ours is on this machine only where the page is looked at on it", () => {
  expect(placeOf(small, "127.0.0.1")).toEqual({ kind: "here" });
  expect(placeOf(small, "house.example")).toEqual({ kind: "server" });
  expect(placeOf(large, "127.0.0.1")).toEqual({ kind: "remote", host: "api.example.com", by: [] });
});

test("of a server whose models are answered elsewhere, all that words pass are named", () => {
  const far = modelCard("far", {
    served_by: "api.example.com",
    left: ["near.example", "b.example", "api.example.com"],
  });
  const { key, what, values } = placeWords(placeOf(far, "127.0.0.1"));
  const [where, goes] = [key, what].map((one) => translate("en", one, values));
  expect(where).toBe("Runs on api.example.com, by way of near.example, b.example");
  expect(goes).toBe("What you write is sent to near.example, b.example, and from there to api.example.com.");
});

test("a neighbour on the server's machine is no host that words leave for, and no claim that they stay either", () => {
  for (const host of ["127.0.0.1:8080", "localhost", "[::1]:11434"]) {
    const place = placeOf(modelCard("near", { served_by: host }), "house.example");
    expect(place).toEqual({ kind: "near", host });
    expect(placeWords(place).values).toEqual({ host });
    expect([PLACE_COLOURS.remote, PLACE_COLOURS.here]).not.toContain(PLACE_COLOURS[place.kind]);
  }
  expect(placeOf(modelCard("far", { served_by: "127.0.0.1.example.org" }), "127.0.0.1").kind).toBe("remote");
});

test("a model is found by id, by alias, and as the default", () => {
  expect(modelNamed([small, large], "large")).toBe(large);
  expect(modelNamed([small, large], "tiny")).toBe(small);
  expect(modelNamed([small, large], "")).toBe(small);
  expect(modelNamed([small, large], "gone")).toBeUndefined();
  expect(modelNamed([], "")).toBeUndefined();
});

test("what a card does not say is not made up", () => {
  expect([nameOf(small), nameOf(large)]).toEqual(["Small", "large"]);
  expect([licenceOf(small), licenceOf(large)]).toEqual(["Apache-2.0", ""]);
});

test("models that only embed are no choice for a chat", () => {
  expect(talking([small, modelCard("embed", { capabilities: abilities({}) }), large])).toEqual([small, large]);
});
