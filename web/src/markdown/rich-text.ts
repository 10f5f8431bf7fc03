/** An answer for the clipboard. In: Markdown. Out: HTML written from the same nodes as the page, every character escaped, and plain text. */

import { revealed } from "./hidden";
import { type Align, type Block, type Inline, plainText } from "./nodes";
import { definedNotes, type Note, notesOf } from "./notes";
import { Reader } from "./reader";

export interface RichText {
  html: string;
  plain: string;
}

/** Pictures become links: a program that is pasted into would fetch them. Formulas stay TeX. */
export function toRichText(text: string): RichText {
  const pieces = new Reader().read(text, false);
  const notes = definedNotes(notesOf(pieces));
  const numbers = new Map(notes.map((note) => [note.label, note.number]));
  const blocks = pieces.map((piece) => piece.block);
  return {
    html: blocks.map((block) => htmlOf(block, numbers)).join("") + htmlNotes(notes, numbers),
    plain: [...blocks.map((block) => textOf(block, numbers)), plainNotes(notes, numbers)].filter(Boolean).join("\n\n"),
  };
}

type Numbers = ReadonlyMap<string, number>;

function escaped(text: string): string {
  return revealed(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function htmlInlines(nodes: readonly Inline[], numbers: Numbers): string {
  return nodes.map((node) => htmlInline(node, numbers)).join("");
}

function htmlInline(node: Inline, numbers: Numbers): string {
  switch (node.type) {
    case "text":
      return escaped(node.text);
    case "strong":
      return `<strong>${htmlInlines(node.children, numbers)}</strong>`;
    case "emphasis":
      return `<em>${htmlInlines(node.children, numbers)}</em>`;
    case "strike":
      return `<s>${htmlInlines(node.children, numbers)}</s>`;
    case "code":
      return `<code>${escaped(node.text)}</code>`;
    case "break":
      return "<br>";
    case "link":
      return `<a href="${escaped(node.href)}">${escaped(plainText(node.children) || node.href)}</a>`;
    case "image":
      return node.url === null
        ? escaped(node.source)
        : `<a href="${escaped(node.url)}">${escaped(node.alt || node.url)}</a>`;
    case "formula":
      return `<code>${escaped(node.source)}</code>`;
    case "reference": {
      const number = numbers.get(node.label);
      return number === undefined ? escaped(node.source) : `<sup>${number}</sup>`;
    }
  }
}

function htmlOf(block: Block, numbers: Numbers): string {
  const inside = (blocks: readonly Block[]): string => blocks.map((one) => htmlOf(one, numbers)).join("");
  switch (block.type) {
    case "paragraph":
      return `<p>${htmlInlines(block.children, numbers)}</p>`;
    case "heading": {
      const level = Math.min(6, block.depth);
      return `<h${level}>${htmlInlines(block.children, numbers)}</h${level}>`;
    }
    case "code":
      return `<pre><code>${escaped(block.text)}</code></pre>`;
    case "source":
      return `<pre>${escaped(block.text)}</pre>`;
    case "formula":
      return `<p><code>${escaped(block.source)}</code></p>`;
    case "quote":
      return `<blockquote>${inside(block.children)}</blockquote>`;
    case "list":
      return htmlList(block, numbers);
    case "table":
      return htmlTable(block, numbers);
    case "rule":
      return "<hr>";
    case "note":
      return "";
  }
}

function htmlList(list: Block & { type: "list" }, numbers: Numbers): string {
  const items = list.items.map(({ checked, children }) => {
    const box = checked === null ? "" : checked ? "☑ " : "☐ ";
    const text = children
      .map((one) =>
        one.type === "paragraph" && !list.loose ? htmlInlines(one.children, numbers) : htmlOf(one, numbers),
      )
      .join("");
    return `<li>${box}${text}</li>`;
  });
  const start = list.start === null ? 0 : Math.trunc(list.start);
  return list.start === null ? `<ul>${items.join("")}</ul>` : `<ol start="${start}">${items.join("")}</ol>`;
}

function htmlTable(table: Block & { type: "table" }, numbers: Numbers): string {
  const row = (cells: readonly Inline[][], tag: "th" | "td"): string =>
    `<tr>${cells
      .map((cell, column) => `<${tag}${aligned(table.align[column])}>${htmlInlines(cell, numbers)}</${tag}>`)
      .join("")}</tr>`;
  return `<table><thead>${row(table.head, "th")}</thead><tbody>${table.rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
}

function aligned(align: Align | undefined): string {
  return align ? ` align="${align}"` : "";
}

function htmlNotes(notes: readonly Note[], numbers: Numbers): string {
  if (notes.length === 0) return "";
  const items = notes.map((note) => `<li>${(note.content ?? []).map((one) => htmlOf(one, numbers)).join("")}</li>`);
  return `<hr><ol>${items.join("")}</ol>`;
}

function plainNotes(notes: readonly Note[], numbers: Numbers): string {
  return notes
    .map((note) => `[${note.number}] ${(note.content ?? []).map((one) => textOf(one, numbers)).join("\n\n")}`)
    .join("\n");
}

function words(nodes: readonly Inline[], numbers: Numbers): string {
  return nodes
    .map((node): string => {
      if (node.type === "reference") {
        const number = numbers.get(node.label);
        return number === undefined ? node.source : `[${number}]`;
      }
      if (node.type === "link") {
        const text = plainText(node.children);
        return node.auto || text === node.href || text === "" ? text || node.href : `${text} (${node.href})`;
      }
      return "children" in node ? words(node.children, numbers) : plainText([node]);
    })
    .join("");
}

function textOf(block: Block, numbers: Numbers): string {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return words(block.children, numbers);
    case "code":
      return block.text.replace(/\n$/, "");
    case "source":
      return block.text;
    case "formula":
      return block.source;
    case "quote":
      return indented(block.children.map((one) => textOf(one, numbers)).join("\n\n"), "> ", "> ");
    case "list":
      return textList(block, numbers);
    case "table":
      return [block.head, ...block.rows].map((row) => row.map((cell) => words(cell, numbers)).join("\t")).join("\n");
    case "rule":
      return "———";
    case "note":
      return "";
  }
}

function textList(list: Block & { type: "list" }, numbers: Numbers): string {
  return list.items
    .map(({ checked, children }, index) => {
      const mark = list.start === null ? "- " : `${list.start + index}. `;
      const box = checked === null ? "" : checked ? "[x] " : "[ ] ";
      const text = children.map((one) => textOf(one, numbers)).join(list.loose ? "\n\n" : "\n");
      return indented(box + text, mark, " ".repeat(mark.length));
    })
    .join(list.loose ? "\n\n" : "\n");
}

function indented(text: string, first: string, rest: string): string {
  return first + text.replaceAll("\n", `\n${rest}`);
}
