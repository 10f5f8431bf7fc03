/**
 * Which way a block runs that holds others. In: its blocks. Out: the direction of the first letter in them; none where there is no letter.
 *
 * The browser's own `dir="auto"` passes over children that have a direction of their own, as paragraphs here do: a list or a
 * quotation would always run from left to right, its marks outside of the page.
 */
import { type Block, type Inline, plainText } from "./nodes";

export type Direction = "ltr" | "rtl";

const LETTER = /\p{L}/u;
const FROM_RIGHT =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}\p{Script=Samaritan}\p{Script=Mandaic}]/u;

export function directionOfText(text: string): Direction | undefined {
  const [letter] = LETTER.exec(text) ?? [];
  if (letter === undefined) return undefined;
  return FROM_RIGHT.test(letter) ? "rtl" : "ltr";
}

export function directionOfInlines(nodes: readonly Inline[]): Direction | undefined {
  for (const node of nodes) {
    if (node.type === "code" || node.type === "formula") continue; // runs from left to right in every language
    const found = "children" in node ? directionOfInlines(node.children) : directionOfText(plainText([node]));
    if (found) return found;
  }
  return undefined;
}

export function directionOf(blocks: readonly Block[]): Direction | undefined {
  for (const block of blocks) {
    const found = ofOne(block);
    if (found) return found;
  }
  return undefined;
}

function ofOne(block: Block): Direction | undefined {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return directionOfInlines(block.children);
    case "quote":
      return directionOf(block.children);
    case "list":
      return directionOf(block.items.flatMap(({ children }) => children));
    case "table":
      return directionOfInlines([...block.head, ...block.rows.flat()].flat());
    default:
      return undefined;
  }
}
