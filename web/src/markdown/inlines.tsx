/** Runs of text. In: inline nodes. Out: React elements; an address that may not be followed is already text. */
import { Fragment, type ReactNode } from "react";
import { namesOther } from "./address";
import { Formula } from "./formula";
import { OutsideImage } from "./image";
import { OutsideLink } from "./link";
import { type Inline, plainText } from "./nodes";
import { NoteCall } from "./note-call";
import type { Call } from "./notes";
import { shown, shownProse } from "./shown-text";

/** What inlines need to know of the answer around them. */
export interface Around {
  calls: ReadonlyMap<string, Call>;
  /** Begins every id, so that no two answers share one. */
  prefix: string;
  inLink: boolean;
}

export function inlines(nodes: readonly Inline[], around: Around): ReactNode[] {
  // biome-ignore lint/suspicious/noArrayIndexKey: nodes have no identity; they are only ever appended to or made anew
  return nodes.map((node, index) => <Fragment key={index}>{inline(node, around)}</Fragment>);
}

function inline(node: Inline, around: Around): ReactNode {
  switch (node.type) {
    case "text":
      return around.inLink ? shown(node.text) : shownProse(node.text);
    case "strong":
      return <strong>{inlines(node.children, around)}</strong>;
    case "emphasis":
      return <em>{inlines(node.children, around)}</em>;
    case "strike":
      return <del>{inlines(node.children, around)}</del>;
    case "code":
      return (
        <code dir="ltr" className="md-code">
          {shown(node.text)}
        </code>
      );
    case "break":
      return <br />;
    case "formula":
      return <Formula tex={node.tex} source={node.source} display={node.display} open={node.open} />;
    case "link":
      return link(node, around);
    case "image":
      if (around.inLink || node.url === null) return shown(around.inLink ? node.alt : node.source);
      return <OutsideImage url={node.url} host={node.host} alt={node.alt} />;
    case "reference": {
      const call = around.calls.get(node.label);
      if (!call || around.inLink) return node.source;
      return <NoteCall call={call} prefix={around.prefix} first={call[3] && node.occurrence === 0} />;
    }
  }
}

function link(node: Inline & { type: "link" }, around: Around): ReactNode {
  const text = plainText(node.children);
  return (
    <>
      <OutsideLink href={node.href} host={node.host}>
        {text.trim() === "" ? shown(node.href) : inlines(node.children, { ...around, inLink: true })}
      </OutsideLink>
      {!node.auto && namesOther(text, node.host) && <span className="md-host"> ({node.host})</span>}
    </>
  );
}
