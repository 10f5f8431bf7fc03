/** Colours for a block of code. In: its language and its text, which may grow. Out: its lines coloured as far as they are, or null for plain. */
import { useEffect, useRef, useState } from "react";
import type { ColoredLine, Coloring } from "./coloring";
import { lazyPart } from "./lazy-part";

const engine = lazyPart(() => import("./coloring"));

const SLICE = 6; // ms of work at a time, so that a frame of 16 ms keeps room for the rest
const NO_LINES: readonly ColoredLine[] = [];

export function useColoring(language: string, code: string): readonly ColoredLine[] {
  const [lines, setLines] = useState<readonly ColoredLine[]>(NO_LINES);
  const coloring = useRef<{ language: string; of: Coloring } | null>(null);
  useEffect(() => {
    if (language === "") return;
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const work = (of: Coloring): void => {
      if (!current) return;
      const { lines: now, done } = of.color(code, SLICE);
      setLines(now);
      if (!done) timer = setTimeout(() => work(of));
    };
    if (coloring.current?.language === language) work(coloring.current.of);
    else
      void engine
        .load()
        .then((part) => part?.prepare(language) ?? null)
        .catch(() => null) // a grammar that does not load: the code stays plain
        .then((make) => {
          if (!current || !make) return;
          coloring.current = { language, of: make() };
          work(coloring.current.of);
        });
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [language, code]);
  return lines;
}
