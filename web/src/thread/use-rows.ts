/**
 * The rows that stand, for a list that is scrolled. In: which are to stand. Out: those; rendered again when they change.
 *
 * The virtualizer's own hook renders for every row that comes into sight. Here the rows stand well before that (rows.ts), in
 * the flow of the page: their list is the same until others are to stand, or the room above or below them is another.
 */
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/react-virtual";
import { useLayoutEffect, useReducer, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { indexesOf, type Sight, type Standing } from "./rows";

type List = Virtualizer<HTMLElement, HTMLLIElement>;
type Options = VirtualizerOptions<HTMLElement, HTMLLIElement>;
type Given = "onChange" | "rangeExtractor" | "observeElementRect" | "observeElementOffset" | "scrollToFn";

export interface RowsOptions extends Omit<Options, Given> {
  stand: (sight: Sight) => Standing;
}

export interface Rows {
  list: List;
  indexes: readonly number[];
  /** Pixels kept for the rows before the first, and after the last. */
  above: number;
  below: number;
}

export function useRows({ stand, ...options }: RowsOptions): Rows {
  const [, again] = useReducer((times: number) => times + 1, 0);
  const shown = useRef<Shape>(EMPTY);
  const given: Options = {
    observeElementRect,
    observeElementOffset: observeAtOnce,
    scrollToFn: elementScroll,
    ...options,
    rangeExtractor: (range) => indexesOf(stand({ ...range, within: (pixels) => within(list, pixels) })),
    onChange: (changed) => {
      if (!same(shapeOf(changed), shown.current)) again();
    },
  };
  const [list] = useState(() => new Virtualizer(given));
  list.setOptions(given);
  const shape = shapeOf(list);
  useLayoutEffect(() => {
    shown.current = shape;
  });
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  return { list, ...shape };
}

/** Rows that a scroll asks for are laid out and painted with it: a frame later they would cost a second long one. */
const observeAtOnce: Options["observeElementOffset"] = (list, tell) =>
  observeElementOffset(list, (offset, scrolling) => flushSync(() => tell(offset, scrolling)));

function within(list: List, pixels: number): Standing {
  const top = list.scrollOffset ?? 0;
  const bottom = top + (list.scrollRect?.height ?? 0);
  const [first, last] = [list.getVirtualItemForOffset(top - pixels), list.getVirtualItemForOffset(bottom + pixels)];
  return { first: first?.index ?? 0, end: (last?.index ?? -1) + 1 };
}

type Shape = Omit<Rows, "list">;

const EMPTY: Shape = { indexes: [], above: 0, below: 0 };

function shapeOf(list: List): Shape {
  const rows = list.getVirtualItems();
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return { ...EMPTY, below: list.getTotalSize() };
  return { indexes: rows.map(({ index }) => index), above: first.start, below: list.getTotalSize() - last.end };
}

function same(one: Shape, other: Shape): boolean {
  return (
    one.above === other.above &&
    one.below === other.below &&
    one.indexes.length === other.indexes.length &&
    one.indexes.every((index, at) => index === other.indexes[at])
  );
}
