/** Files for the draft. In: what a person chose, dropped or pasted. Out: texts attached, the rest on its way, and what was refused. */
import { useRef, useState } from "react";
import { chosen, type Limits, type Refusal, readFiles, roomIn, type Senses, type Taking } from "./attachments";
import { written } from "./pictures";
import { useStore } from "./thread-context";
import type { Draft } from "./use-draft";

export interface Files {
  add: (files: Iterable<File>) => void;
  refused: readonly Refusal[];
  /** The refusals have been read. */
  forget: () => void;
}

export function useFiles(draft: Draft, limits: Limits | undefined, senses: Senses): Files {
  const store = useStore();
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  // While files are read, a new chat may get the address that its draft is kept under from then on.
  const latest = useRef(draft);
  latest.current = draft;

  const add = async (files: Iterable<File>): Promise<void> => {
    if (!limits) return;
    const { attachments } = draft.typed();
    const read = await readFiles(chosen(files), {
      limits,
      senses,
      attached: attachments.length + draft.uploads.of(draft.key).length,
      room: store.kept ? Number.POSITIVE_INFINITY : roomIn(limits, attachments),
    });
    setRefused(read.refused);
    const now = latest.current;
    if (store.kept) {
      now.addFiles(
        read.taken.flatMap(({ content, ...file }) => (content instanceof Blob ? [] : [text(file, content)])),
      );
      now.uploads.add(now.key, read.taken);
    } else {
      now.addFiles(await Promise.all(read.taken.map(whole)));
    }
  };
  return { add: (files) => void add(files), refused, forget: () => setRefused([]) };
}

function text({ name, type }: Omit<Taking, "content">, content: string) {
  return { name, type, text: content, id: null };
}

/** With its content: nothing of a temporary chat is stored before it is asked. */
async function whole({ content, ...file }: Taking) {
  return text(file, content instanceof Blob ? await written(content) : content);
}
