import { expect, test } from "vitest";
import { abilities, modelCard } from "@/test/model-card";
import { licenceOf, modelNamed, nameOf, placeOf, talking } from "./model-facts";

const small = modelCard("small", { name: "Small", aliases: ["tiny"], license: "Apache-2.0" });
const large = modelCard("large", { served_by: "api.example.com" });

test("a model of another host says so; one of ours is on this machine only where the page is looked at on it", () => {
  expect(placeOf(small, "127.0.0.1")).toEqual({ kind: "here" });
  expect(placeOf(small, "house.example")).toEqual({ kind: "server" });
  expect(placeOf(large, "127.0.0.1")).toEqual({ kind: "remote", host: "api.example.com" });
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
