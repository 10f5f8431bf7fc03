/** Files for the draft. In: what a person chose, dropped or pasted. Out: texts attached, the rest on its way, and what was refused. */
import { useEffect, useRef, useState } from "react";
import { chosen, type Limits, type Refusal, readFiles, roomIn, type Senses, type Taking } from "./attachments";
import { written } from "./pictures";
import { useStore } from "./thread-context";
import type { Draft } from "./use-draft";

export interface Files {
  add: (files: Iterable<File>) => void;
  refused: readonly Refusal[];
  /** Some are being read: sent now, the question would go without them. */
  reading: boolean;
  /** The refusals have been read. */
  forget: () => void;
}

/** `limits` are undefined until these, and what the model is, are known: what is chosen before waits for it. */
export function useFiles(draft: Draft, limits: Limits | undefined, senses: Senses): Files {
  const store = useStore();
  const [refused, setRefused] = useState<readonly Refusal[]>([]);
  const [reads, setReads] = useState(0);
  const queue = useRef(Promise.resolve());
  // While files are read, a new chat may get the address that its draft is kept under from then on.
  const latest = useRef(draft);
  latest.current = draft;
  const known = useRef({ limits, senses });
  known.current = { limits, senses };
  const waiting = useRef<(() => void)[]>([]);
  useEffect(() => {
    if (limits) for (const go of waiting.current.splice(0)) go();
  }, [limits]);

  const read = async (files: readonly File[]): Promise<void> => {
    if (!known.current.limits) await new Promise<void>((go) => waiting.current.push(go));
    const { limits, senses } = known.current;
    if (!limits) return;
    const before = latest.current;
    const { attachments } = before.typed();
    const { taken, refused } = await readFiles(chosen(files), {
      limits,
      senses,
      attached: attachments.length + before.uploads.of(before.key).length,
      room: store.kept ? Number.POSITIVE_INFINITY : roomIn(limits, attachments),
    });
    setRefused((others) => [...others, ...refused]);
    const now = latest.current;
    if (store.kept) {
      now.addFiles(taken.flatMap(({ content, ...file }) => (content instanceof Blob ? [] : [text(file, content)])));
      now.uploads.add(now.key, taken);
    } else {
      now.addFiles(await Promise.all(taken.map(whole)));
    }
  };
  const add = (files: Iterable<File>): void => {
    const some = [...files]; // a clipboard is empty once its event is over
    const next = (): Promise<void> => read(some);
    if (reads === 0) setRefused([]);
    setReads((count) => count + 1);
    // One after the other: those of two drops together would each find room for themselves.
    queue.current = queue.current.then(next, next).finally(() => setReads((count) => count - 1));
  };
  return { add, refused, reading: reads > 0, forget: () => setRefused([]) };
}

function text({ name, type }: Omit<Taking, "content">, content: string) {
  return { name, type, text: content, id: null };
}

/** With its content: nothing of a temporary chat is stored before it is asked. */
async function whole({ content, ...file }: Taking) {
  return text(file, content instanceof Blob ? await written(content) : content);
}
