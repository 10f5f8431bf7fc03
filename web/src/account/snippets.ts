/** Programs that use a key. In: the server's address, a model, the key where it is known. Out: text that runs as it is. */

export type Speaking = "python" | "typescript" | "curl";

export const SPEAKING: readonly { id: Speaking; name: string }[] = [
  { id: "python", name: "Python" },
  { id: "typescript", name: "TypeScript" },
  { id: "curl", name: "curl" },
];

/** Where a key that is not written down here is read from. */
export const VARIABLE = "ALIZE_API_KEY";
const QUESTION = "Name three winds.";

export interface SnippetParts {
  /** Without a slash at its end, with the prefix that the server is served under. */
  address: string;
  model: string;
  /** Null: it is read from the environment. */
  key: string | null;
}

export function snippetOf(speaking: Speaking, parts: SnippetParts): string {
  return { python, typescript, curl }[speaking](parts);
}

function python({ address, model, key }: SnippetParts): string {
  const imports = key === null ? "import os\n\n" : "";
  const value = key === null ? `os.environ["${VARIABLE}"]` : quoted(key);
  return `# pip install mistralai
${imports}from mistralai.client import Mistral

client = Mistral(
    api_key=${value},
    server_url=${quoted(address)},
)
answer = client.chat.complete(
    model=${quoted(model)},
    messages=[{"role": "user", "content": ${quoted(QUESTION)}}],
)
print(answer.choices[0].message.content)
`;
}

function typescript({ address, model, key }: SnippetParts): string {
  const value = key === null ? `process.env.${VARIABLE}` : quoted(key);
  return `// npm install @mistralai/mistralai
// Save it as ask.mts, then: node ask.mts (Node 22.18 or newer; an older one takes it as ask.mjs).
import { Mistral } from "@mistralai/mistralai";

const client = new Mistral({
  apiKey: ${value},
  serverURL: ${quoted(address)},
});
const answer = await client.chat.complete({
  model: ${quoted(model)},
  messages: [{ role: "user", content: ${quoted(QUESTION)} }],
});
console.log(answer.choices[0]?.message?.content);
`;
}

function curl({ address, model, key }: SnippetParts): string {
  const bearer = key === null ? `"Authorization: Bearer $${VARIABLE}"` : shellQuoted(`Authorization: Bearer ${key}`);
  const body = JSON.stringify({ model, messages: [{ role: "user", content: QUESTION }] });
  return `curl ${shellQuoted(`${address}/v1/chat/completions`)} \\
  -H ${bearer} \\
  -H "Content-Type: application/json" \\
  -d ${shellQuoted(body)}
`;
}

/** A JSON string is one of Python's and TypeScript's too, once nothing in it ends a line. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u2028\u2029\u0085\u007f]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Nothing has a meaning between single quotes but the next one. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
