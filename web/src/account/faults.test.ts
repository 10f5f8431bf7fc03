import { expect, test } from "vitest";
import { ApiFailure } from "@/api/failure";
import { type Key, translate, type Values } from "@/i18n";
import { saidOf } from "./faults";

const t = (key: Key, values?: Values) => translate("en", key, values);
const speech = { t, language: "en", now: new Date(2026, 0, 5, 14, 20) } as const;
const said = (error: unknown) => saidOf(error, ["name", "scopes"], speech);
const failure = (fields: ApiFailure["fields"]) => new ApiFailure("Wrong.", 422, "invalid", null, null, null, fields);

test("what is said of a field stands beside it, the first of several", () => {
  const fields = [
    { field: "scopes.0", message: "No such scope." },
    { field: "scopes.1", message: "Nor this." },
  ];
  expect(said(failure(fields))).toEqual({ faults: { scopes: "This value is not taken: No such scope." }, rest: null });
});

test("what is said of a field that is not here is said of the whole", () => {
  expect(said(failure([{ field: "namesake", message: "Too long." }]))).toEqual({ faults: {}, rest: "Wrong." });
  const both = [
    { field: "name", message: "Empty." },
    { field: "days", message: "Too many." },
  ];
  const taken = { faults: { name: "This value is not taken: Empty." }, rest: "This value is not taken: Too many." };
  expect(said(failure(both))).toEqual(taken);
});

test("what is said of a field is said in the page's language", () => {
  const french = { ...speech, t: (key: Key, values?: Values) => translate("fr", key, values) };
  const fields = [{ field: "name", message: "Empty." }];
  expect(saidOf(failure(fields), ["name"], french).faults.name).toMatch(
    /^Valeur refusée\s: «\sEmpty\.\s» \(texte du serveur, en anglais\)$/,
  );
});

test("too many attempts: how long to wait and until when, where the server says so", () => {
  const limited = (after: number | null) => new ApiFailure("Slow down.", 429, "rate_limit_error", "1300", null, after);
  expect(said(limited(600)).rest).toMatch(/Wait 10 minutes, until 2:30.PM, then try again\./);
  expect(said(limited(null)).rest).toBe("There were too many attempts. Wait a little, then try again.");
});

test("a server that was not reached, and a fault of the page itself", () => {
  expect(said(new ApiFailure("x", 0, "unreachable")).rest).toContain("was not reached");
  expect(said(new TypeError("x")).rest).toBe("Something on this page went wrong.");
});
