/** What the rest of the page uses of this folder. */
export { linkTarget, type Target } from "./address";
export { hasHidden, reveal, revealed, type Shown } from "./hidden";
export { Markdown, type MarkdownProps } from "./markdown";
export { HeadingLevelContext, type LinkPolicy, LinkPolicyContext } from "./policy";
export { type RichText, toRichText } from "./rich-text";
export { shown } from "./shown-text";
