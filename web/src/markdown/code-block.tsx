/** A block of code. In: the words behind its fence, its text. Out: a header with language and copy, the code coloured, folded when very long. */
import { Check, ChevronDown, ChevronUp } from "lucide-react";
import { memo, useState } from "react";
import { IconButton } from "@/components/icon-button";
import { CopyIcon } from "@/components/row-icons";
import { useT } from "@/i18n";
import { useCopy } from "@/thread/use-copy";
import type { Colored } from "./coloring";
import { revealed } from "./hidden";
import { FOLD_LINES } from "./limits";
import { shown } from "./shown-text";
import { useColoring } from "./use-coloring";

export interface CodeBlockProps {
  info: string;
  text: string;
  /** It is being written: it stays unfolded then, and afterwards too, since folding would pull the text from under the reader. */
  growing: boolean;
}

export function CodeBlock({ info, text, growing }: CodeBlockProps) {
  const t = useT();
  const code = text.replace(/\n$/, "");
  const { language, title } = named(info);
  const [unfolded, setUnfolded] = useState(growing);
  const [copy, copied] = useCopy();
  const lines = countLines(code);
  const folds = lines > FOLD_LINES * 1.25; // not for the sake of a few lines
  const visible = folds && !unfolded ? firstLines(code, FOLD_LINES) : code;
  const label = language === "" ? t("markdown.code") : t("markdown.codeIn", { language });
  return (
    <figure className="md-block-code" dir="ltr" aria-label={label}>
      <figcaption>
        <span>{shown(title || language)}</span>
        <IconButton
          small
          label={copied ? t("common.copied") : t("markdown.copyCode")}
          icon={copied ? <Check /> : <CopyIcon />}
          onClick={() => copy({ plain: text })}
          className="print:hidden"
        />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do */}
      <pre tabIndex={0}>
        <code>
          <Code language={language} code={visible} />
        </code>
      </pre>
      {folds && (
        <button type="button" className="md-fold" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
          {unfolded ? <ChevronUp aria-hidden /> : <ChevronDown aria-hidden />}
          {unfolded ? t("markdown.showFewer") : t("markdown.showLines", { count: lines })}
        </button>
      )}
    </figure>
  );
}

/** Lines that have no colours yet are plain: the text is never late. */
function Code({ language, code }: { language: string; code: string }) {
  const colored = useColoring(language, code);
  if (colored.length === 0) return shown(code);
  const lines = code.split("\n");
  return lines.map((line, index) => {
    const known = colored[index];
    const text = index < lines.length - 1 ? `${line}\n` : line;
    // colours come a moment later than the text: those of another text are not used
    // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
    return <CodeLine key={index} text={text} pieces={known?.text === line ? known.pieces : null} />;
  });
}

interface CodeLineProps {
  text: string;
  pieces: readonly Colored[] | null;
}

const CodeLine = memo(function CodeLine({ text, pieces }: CodeLineProps) {
  if (!pieces) return shown(text);
  return (
    <>
      {pieces.map((piece, index) =>
        piece.kind === "" ? (
          shown(piece.text)
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place in the line
          <span key={index} className={`md-tok-${piece.kind}`}>
            {shown(piece.text)}
          </span>
        ),
      )}
      {text.endsWith("\n") && "\n"}
    </>
  );
});

/** "python title=app.py", "python:app.py", "app.py": the language, and the file's name where there is one. */
function named(info: string): { language: string; title: string } {
  const [word = "", ...rest] = info.trim().slice(0, 200).split(/\s+/);
  const written = /(?:title|file(?:name)?)=["']?([^"'\s]+)/.exec(rest.join(" "))?.[1] ?? "";
  const [language = "", file = ""] = word.replace(/^\{\.?|\}$/g, "").split(":", 2);
  const title = written || file;
  if (title === "" && /^[\w-]+\.[a-z0-9]{1,5}$/i.test(language)) {
    return { language: language.slice(language.lastIndexOf(".") + 1), title: language };
  }
  return { language: revealed(language).slice(0, 40), title };
}

function countLines(code: string): number {
  let lines = 1;
  for (let at = code.indexOf("\n"); at >= 0; at = code.indexOf("\n", at + 1)) lines++;
  return lines;
}

function firstLines(code: string, count: number): string {
  let at = -1;
  for (let line = 0; line < count; line++) at = code.indexOf("\n", at + 1);
  return code.slice(0, at);
}
