/** The text of an answer. In: Markdown, and whether more comes. Out: the text as it is, until the Markdown module stands. */
export function Prose({ text }: { text: string; streaming: boolean }) {
  return <div className="whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</div>;
}
