/** Blocks of an answer. In: block nodes. Out: React elements; HTML in the text is text. */
import { createElement, Fragment, memo, type ReactNode, useContext, useMemo } from "react";
import { useT } from "@/i18n";
import { CodeBlock } from "./code-block";
import { directionOf } from "./direction";
import { Formula } from "./formula";
import { type Around, inlines } from "./inlines";
import type { Block, Item } from "./nodes";
import { readCalls } from "./notes";
import { HeadingLevelContext } from "./policy";
import { SourceBlock } from "./source-block";
import { Table } from "./table";

export interface BlockProps {
  block: Block;
  /** What is known of the footnotes it calls: see `callsOf`. */
  calls: string;
  prefix: string;
  /** The depth of the answer's first heading, which stands one level under the turn's. */
  base: number;
  growing: boolean;
}

/** Rendered again only when something in its properties changed: for a finished block, never. */
export const BlockView = memo(function BlockView({ block, calls, prefix, base, growing }: BlockProps) {
  const turn = useContext(HeadingLevelContext);
  const around = useMemo(
    (): Page => ({ calls: readCalls(calls), prefix, inLink: false, base, turn, growing }),
    [calls, prefix, base, turn, growing],
  );
  return view(block, around);
});

interface Page extends Around {
  base: number;
  turn: number;
  growing: boolean;
}

function view(block: Block, page: Page): ReactNode {
  switch (block.type) {
    case "paragraph":
      return block.children.length === 0 ? null : <p dir="auto">{inlines(block.children, page)}</p>;
    case "heading":
      return heading(block, page);
    case "code":
      return <CodeBlock info={block.info} text={block.text} growing={page.growing} />;
    case "quote":
      return <blockquote dir={directionOf(block.children)}>{views(block.children, page)}</blockquote>;
    case "list":
      return list(block, page);
    case "table":
      return <Table table={block} around={page} />;
    case "rule":
      return <hr />;
    case "formula":
      return (
        <div className="md-formula-block">
          <Formula tex={block.tex} source={block.source} display />
        </div>
      );
    case "source":
      return <SourceBlock text={block.text} />;
    case "note":
      return null;
  }
}

export function views(blocks: readonly Block[], page: Page): ReactNode[] {
  // biome-ignore lint/suspicious/noArrayIndexKey: blocks inside another are only ever appended to or made anew
  return blocks.map((block, index) => <Fragment key={index}>{view(block, page)}</Fragment>);
}

function heading(block: Block & { type: "heading" }, page: Page): ReactNode {
  const below = Math.max(0, block.depth - page.base);
  const level = Math.min(6, page.turn + 1 + below);
  return createElement(
    `h${level}`,
    { dir: "auto", className: `md-heading md-heading-${Math.min(3, below + 1)}` },
    ...inlines(block.children, page),
  );
}

function list(block: Block & { type: "list" }, page: Page): ReactNode {
  const items = block.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: an item is its place
    <ListItem key={index} item={item} loose={block.loose} page={page} />
  ));
  const className = block.loose ? "md-loose" : undefined;
  const direction = directionOf([block]);
  if (block.start === null) {
    return (
      <ul dir={direction} className={className}>
        {items}
      </ul>
    );
  }
  return (
    <ol dir={direction} start={block.start} className={className}>
      {items}
    </ol>
  );
}

function ListItem({ item, loose, page }: { item: Item; loose: boolean; page: Page }) {
  const t = useT();
  const { checked } = item;
  return (
    <li className={checked === null ? undefined : "md-task"}>
      {checked !== null && (
        <input type="checkbox" disabled checked={checked} aria-label={t(checked ? "markdown.done" : "markdown.toDo")} />
      )}
      {loose ? views(item.children, page) : tight(item.children, page)}
    </li>
  );
}

/** In a list without blank lines the text of an item is no paragraph. */
function tight(blocks: readonly Block[], page: Page): ReactNode[] {
  return blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks inside another are only ever appended to or made anew
    <Fragment key={index}>{block.type === "paragraph" ? inlines(block.children, page) : view(block, page)}</Fragment>
  ));
}
