/** Colours for a block of code. In: its language and its text, which may grow. Out: its lines coloured as far as they are, none for plain. */
import { useEffect, useMemo, useReducer, useState } from "react";
import type { ColoredLine, Coloring } from "./coloring";
import { lazyPart } from "./lazy-part";

const engine = lazyPart(() => import("./coloring"));

const SLICE = 6; // ms of work at a time, so that a frame of 16 ms keeps room for the rest
const PLAIN: { lines: readonly ColoredLine[]; done: boolean } = { lines: [], done: true };

export function useColoring(language: string, code: string): readonly ColoredLine[] {
  // In colour from its first frame on where the grammar is known: each block after the first is made once, not twice.
  const [ready, setReady] = useState<{ language: string; of: Coloring } | null>(() => {
    const make = language === "" ? null : engine.now()?.preparedFor(language);
    return make ? { language, of: make() } : null;
  });
  const [slice, next] = useReducer((number: number) => number + 1, 0);
  const of = ready?.language === language ? ready.of : null;
  useEffect(() => {
    if (language === "" || of !== null) return;
    let current = true;
    void engine
      .load()
      .then((part) => part?.prepare(language) ?? null)
      .catch(() => null) // a grammar that does not load: the code stays plain
      .then((make) => {
        if (current && make) setReady({ language, of: make() });
      });
    return () => {
      current = false;
    };
  }, [language, of]);
  // While rendering, and not after it: a line that grows would be drawn plain and then again in colour, twice a frame. The
  // lines that are known are not read again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each slice goes on where the last one ended
  const { lines, done } = useMemo(() => (of === null ? PLAIN : of.color(code, SLICE)), [of, code, slice]);
  useEffect(() => {
    if (done) return;
    const timer = setTimeout(next);
    return () => clearTimeout(timer);
  });
  return lines;
}
