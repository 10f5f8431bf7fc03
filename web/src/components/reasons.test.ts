import { expect, test } from "vitest";
import { type ApiFailure, failureOf, type Reason } from "@/api/failure";
import type { Language } from "@/api/types";
import { type Key, translate, type Values } from "@/i18n";
import { en } from "@/i18n/en";
import { reasons as english } from "@/i18n/en/reasons";
import { fr } from "@/i18n/fr";
import { ja } from "@/i18n/ja";
import { failureText } from "./error-state";
import { FAULT_WORDS, faultText, reasonText } from "./reasons";

const speaks = (language: Language) => (key: Key, values?: Values) => translate(language, key, values);
const [french, japanese] = [speaks("fr"), speaks("ja")];
/** Spaces that do not break are a matter of setting, and each system has its own. */
const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, " ");

/** What the server answers, as it does. */
function refused(status: number, code: string, reason: string, values: Reason["values"]): Promise<ApiFailure> {
  const body = { object: "error", message: "In English.", type: "t", param: null, code, raw_status_code: status };
  return failureOf(new Response(JSON.stringify({ ...body, reason, values }), { status }));
}

const MIB = 2 ** 20;
const REFUSALS: [number, string, string, Reason["values"], string, string][] = [
  [
    400,
    "3051",
    "question_too_long",
    { tokens: 9042, limit: 8192 },
    "La question est trop longue pour le modèle : avec ses fichiers et la consigne système, elle compte 9 042 jetons, et 8 192 peuvent tenir. Raccourcissez-la ou joignez moins de fichiers.",
    "質問がモデルには長すぎます。ファイルとシステムプロンプトを含めて9,042トークンあり、上限は8,192トークンです。短くするか、添付を減らしてください。",
  ],
  [
    413,
    "payload_too_large",
    "file_too_large",
    { most_bytes: 5 * MIB },
    "Le fichier est trop volumineux : la limite est de 5 Mo. Joignez-en un plus petit.",
    "ファイルが大きすぎます。上限は5 MBです。小さいものを添付してください。",
  ],
  [
    400,
    "3310",
    "images_too_many",
    { images: 9, most: 4 },
    "9 images sont jointes, et le modèle peut en voir 4 à la fois. Joignez-en moins.",
    "画像が9枚添付されていますが、モデルが一度に見られるのは4枚までです。減らしてください。",
  ],
  [
    409,
    "conflict",
    "files_full",
    { taken_bytes: 1.5 * 1024 * MIB, most_bytes: 2 * 1024 * MIB },
    "Vos images et vos sons occupent déjà 1,5 Go, et avec ce fichier ils dépasseraient les 2 Go que vous pouvez conserver. Supprimez des conversations qui en contiennent, ce qui compte une heure plus tard, ou faites relever la limite.",
    "保存されている画像と音声はすでに1.5 GBあり、このファイルを加えると上限の2 GBを超えます。画像や音声を含む会話を削除するか（1時間後に反映されます）、上限を引き上げてもらってください。",
  ],
  [
    429,
    "3505",
    "queue_full",
    { requests: 1 },
    "Le serveur est très occupé : 1 demande est passée avant. Réessayez dans un moment.",
    "サーバーが混み合っています。先に1件の要求が待っています。しばらくしてからもう一度お試しください。",
  ],
  [
    400,
    "1500",
    "model_unknown_near",
    { model: "grand", near: ["grande", "gros"] },
    "Il n’y a pas de modèle grand ici. Les plus proches : grande et gros.",
    "モデル grand はここにありません。近い名前：grande、gros",
  ],
  [
    429,
    "1300",
    "attempts_used",
    { seconds: 840 },
    "Il y a eu trop d’essais infructueux. Attendez 14 minutes, puis réessayez.",
    "失敗した回数が多すぎます。14 分待ってから、もう一度お試しください。",
  ],
  [
    400,
    "3310",
    "sound_too_long",
    { most_seconds: 90 },
    "Le son est trop long : la limite est de 90 secondes. Envoyez-en une partie.",
    "音声が長すぎます。上限は90 秒です。一部だけを送ってください。",
  ],
  [
    502,
    "upstream_refused",
    "upstream_refuses",
    { host: "api.example", words: "No seat." },
    "api.example, qui répond pour ce modèle, refuse cette demande. Texte reçu : « No seat. »",
    "このモデルを担当する api.example が、この要求を受け付けませんでした。受け取った原文：「No seat.」",
  ],
  [
    502,
    "upstream_refused",
    "upstream_refuses",
    { host: "api.example", words: "" },
    "api.example, qui répond pour ce modèle, refuse cette demande.",
    "このモデルを担当する api.example が、この要求を受け付けませんでした。",
  ],
];

test.each(REFUSALS)("%i %s (%s) is said whole in French and Japanese", async (status, code, reason, values, fr, ja) => {
  const failure = await refused(status, code, reason, values);
  expect(plain(failureText(failure, french))).toBe(fr);
  expect(plain(failureText(failure, japanese))).toBe(ja);
});

test("every reason is a whole sentence in each language, and what the server said in English is in none", async () => {
  const value = (name: string): Reason["values"][string] => {
    if (["kinds", "types", "near", "roles", "scopes"].includes(name)) return ["un", "deux"];
    return /words|detail|model|host|name|kind|path|origin|scope|role|status|request$|adapter|parameter/.test(name)
      ? "zut"
      : 1200;
  };
  for (const [key, text] of Object.entries(english)) {
    const names = [...text.matchAll(/\{(\w+)/g)].map(([, name = ""]) => name);
    const failure = await refused(
      400,
      "conflict",
      key.slice("because.".length),
      Object.fromEntries(names.map((name) => [name, value(name)])),
    );
    for (const [language, words] of Object.entries({ en, fr, ja })) {
      // The keys of an object of languages are languages, which `Object.entries` forgets.
      const said = failureText(failure, speaks(language as Language));
      expect(said, key).not.toMatch(/[{}|#]|NaN|undefined|object|In English/);
      expect(said, key).toMatch(/(\p{P}|deux|zut|1.?200.*|un)$/u);
      expect(words, key).toHaveProperty([key]);
    }
  }
});

test("what there are no words for is the server's own, marked as such where the page is not English", async () => {
  const later = await refused(409, "conflict", "of_next_year", {});
  expect(failureText(later, speaks("en"))).toBe("Not possible as things are: In English.");
  expect(plain(failureText(later, french))).toBe(
    "Impossible dans l’état actuel : « In English. » (texte du serveur, en anglais)",
  );
  expect(failureText(later, japanese)).toBe("現在の状態では行えません：「In English.」（サーバーの英文）");
  expect(reasonText({ name: "of_next_year", values: {} }, french)).toBeNull();
});

test("a reason without what its words need, or with what no value is, is the server's own", async () => {
  for (const values of [{}, { tokens: 1 }, { tokens: 1, limit: null }, { tokens: 1, limit: { most: 2 } }]) {
    // What the types forbid is what another version could send.
    const other = await refused(400, "3051", "question_too_long", values as Reason["values"]);
    expect(plain(failureText(other, french))).toContain("« In English. » (texte du serveur, en anglais)");
  }
  const list = await refused(400, "1500", "model_unknown_near", { model: "a", near: [1] as unknown as string[] });
  expect(failureText(list, japanese)).toContain("（サーバーの英文）");
});

test("a name can neither turn its sentence around nor put words of its own into it", () => {
  const turned = reasonText({ name: "model_unknown", values: { model: "a\u202eb<b>{model}$&" } }, french);
  expect(turned).toBe("Il n’y a pas de modèle a⟨U+202E⟩b<b>{model}$& ici. Choisissez-en un autre.");
  const near = reasonText({ name: "model_unknown_near", values: { model: "א", near: ["\u2067x"] } }, japanese);
  expect(near).toBe("モデル א はここにありません。近い名前：⟨U+2067⟩x");
  const quoted = { host: "api.example", words: "No.\u202e }{" };
  expect(reasonText({ name: "upstream_refuses", values: quoted }, speaks("en"))).toContain("“No.⟨U+202E⟩ }{”");
});

test("numbers of any size are written out", () => {
  const said = (seconds: number) => reasonText({ name: "attempts_used", values: { seconds } }, french);
  expect(plain(said(1e9) ?? "")).toBe("Il y a eu trop d’essais infructueux. Attendez 277 778 heures, puis réessayez.");
  expect(plain(said(Number.POSITIVE_INFINITY) ?? "")).toContain("Attendez ∞ heures");
  const large = reasonText({ name: "question_too_long", values: { tokens: 10 ** 15, limit: 1 } }, japanese);
  expect(large).toContain("1,000,000,000,000,000トークン");
  expect(plain(reasonText({ name: "body_slow", values: { bytes: 1 } }, french) ?? "")).toContain(
    "n’est arrivé que 1 octet",
  );
});

test("what is wrong with a field is said in the page's language, by its kind and its limit", () => {
  const long = {
    field: "name",
    message: "String should have …",
    kind: "string_too_long",
    limits: { max_length: 1000 },
  };
  expect(plain(faultText(long, french))).toBe("Au plus 1 000 caractères sont acceptés.");
  expect(faultText(long, japanese)).toBe("1,000文字までです。");
  const choice = {
    field: "theme",
    message: "Input should be …",
    kind: "literal_error",
    limits: { expected: "'a', 'b' or 'c'" },
  };
  expect(faultText(choice, speaks("en"))).toBe("Only these are taken: a, b, and c.");
  const strange = { field: "name", message: "Odd.", kind: "odd", limits: {} };
  expect(plain(faultText(strange, french))).toBe("Valeur refusée : « Odd. » (texte du serveur, en anglais)");
});

test("every kind of fault has a limit where its words say one", () => {
  for (const [kind, [key, limit]] of Object.entries(FAULT_WORDS)) {
    expect(en[key].includes("{limit"), kind).toBe(limit !== undefined);
  }
});

test("a refusal of fields that stand in no form names each of them", async () => {
  const detail = [{ loc: ["body", "content"], msg: "String …", type: "string_too_long", ctx: { max_length: 400_000 } }];
  const body = { object: "error", message: "content: …", type: "invalid_request_error", param: "content" };
  const whole = { ...body, code: "validation_failed", raw_status_code: 422, detail };
  const failure = await failureOf(new Response(JSON.stringify(whole), { status: 422 }));
  expect(plain(failureText(failure, french))).toBe(
    "Le serveur refuse cette demande : content : Au plus 400 000 caractères sont acceptés.",
  );
});
