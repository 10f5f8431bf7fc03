/** Answers of every kind, as Markdown. */
import { Markdown } from "@/markdown";
import { Frame } from "../frame";
import { type Scene, seen } from "../scene";
import { ARABIC, EVERYTHING, HOSTILE, JAPANESE, WIDE } from "../texts";

function answer(text: string, streaming = false) {
  return (
    <Frame title="Answer">
      <article className="min-w-0 text-16 leading-(--read)">
        <h2 className="sr-only">Answer</h2>
        <Markdown text={text} streaming={streaming} />
      </article>
    </Frame>
  );
}

export const MARKDOWN: readonly Scene[] = [
  {
    id: "markdown",
    title: "One of everything",
    mount: () => answer(EVERYTHING),
    until: ".katex-display, math",
    tall: 1700,
  },
  {
    id: "markdown-link",
    title: "A link asks before it leads away",
    mount: () => answer(`The rules stand in [the statute](https://laws.example.org/${"chapter/".repeat(6)}7), page 5.`),
    act: async () => (await seen(".md-link")).click(),
    until: "[role=dialog] a",
  },
  { id: "markdown-wide", title: "What is wider than the column", mount: () => answer(WIDE), until: "table" },
  {
    id: "markdown-hostile",
    title: "What would do harm",
    mount: () => answer(HOSTILE),
    until: "blockquote",
    foreign: true,
    tall: 1800,
  },
  { id: "markdown-japanese", title: "Japanese", mount: () => answer(JAPANESE), until: "table", foreign: true },
  { id: "markdown-arabic", title: "From right to left", mount: () => answer(ARABIC), until: "figure", foreign: true },
  {
    id: "markdown-streaming",
    title: "In the middle of a table, of code, of a formula",
    mount: () => (
      <Frame title="Answers">
        {[
          "| a | b |\n| --- | --- |\n| 1 |",
          "```js\nconst half =",
          "Then $x = \\frac{1}{",
          "A **strong wor",
          "- [ ] a",
        ].map((text) => (
          <div key={text} className="min-w-0 text-16 leading-(--read)">
            <Markdown text={text} streaming />
          </div>
        ))}
      </Frame>
    ),
    until: "figure",
  },
];
