/** Code coloured by shiki, loaded on first use. In: code that grows. Out: its lines in pieces, each with the name of a colour. */
import { createCssVariablesTheme, createHighlighterCore, type GrammarState, type HighlighterCore } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import { languageOf } from "./languages";
import { MAX_COLORED, MAX_COLORED_LINE, MAX_COLORED_LINES } from "./limits";

export interface Colored {
  text: string;
  /** The end of a class, "" for plain: colours are the style sheet's, no style attribute is needed. */
  kind: string;
}

export interface ColoredLine {
  /** The whole line, without its newline. */
  text: string;
  pieces: readonly Colored[];
}

export interface Coloring {
  /**
   * The lines of `code` as far as they could be done in `milliseconds`; `done` says whether those are all. Lines that were
   * there the last time are the same objects. Its last line has no newline yet and may change.
   */
  color(code: string, milliseconds: number): { lines: readonly ColoredLine[]; done: boolean };
}

interface Line extends ColoredLine {
  /** Where the grammar stands behind it. */
  state: GrammarState | undefined;
}

const THEME = "alize";

const highlighter: Promise<HighlighterCore> = createHighlighterCore({
  themes: [createCssVariablesTheme({ name: THEME, variablePrefix: "--md-" })],
  langs: [],
  engine: createJavaScriptRegexEngine({ forgiving: true }), // no WebAssembly: the page's policy allows none
});

const prepared = new Map<string, () => Coloring>();

/** Null for a language without a grammar here. */
export async function prepare(word: string): Promise<(() => Coloring) | null> {
  const language = languageOf(word);
  if (!language) return null;
  const core = await highlighter;
  await core.loadLanguage(language.load);
  const make = () => coloringOf(core, language.name);
  prepared.set(language.name, make);
  return make;
}

/** The same at once, where it was prepared before: or null. */
export function preparedFor(word: string): (() => Coloring) | null {
  return prepared.get(languageOf(word)?.name ?? "") ?? null;
}

function coloringOf(core: HighlighterCore, lang: string): Coloring {
  let lines: Line[] = [];
  const colorLine = (text: string, grammarState: GrammarState | undefined): Line => {
    if (text.length > MAX_COLORED_LINE) return { text, pieces: [{ text, kind: "" }], state: grammarState };
    const tokens = core.codeToTokensBase(text, { lang, theme: THEME, ...(grammarState ? { grammarState } : {}) });
    const pieces = (tokens[0] ?? []).map((token) => ({ text: token.content, kind: kindOf(token.color) }));
    return { text, pieces, state: core.getLastGrammarState(tokens) };
  };
  return {
    color(code, milliseconds) {
      const texts = code.length > MAX_COLORED ? [] : code.split("\n");
      if (texts.length > MAX_COLORED_LINES) return { lines: [], done: true };
      let same = 0;
      while (same < lines.length && same < texts.length && lines[same]?.text === texts[same]) same++;
      if (same < lines.length) lines = lines.slice(0, same);
      const end = performance.now() + milliseconds;
      while (lines.length < texts.length) {
        lines.push(colorLine(texts[lines.length] ?? "", lines.at(-1)?.state));
        if (performance.now() > end) break; // after one line at least
      }
      return { lines: [...lines], done: lines.length === texts.length };
    },
  };
}

function kindOf(color: string | undefined): string {
  return /--md-token-([a-z-]+)/.exec(color ?? "")?.[1] ?? "";
}
