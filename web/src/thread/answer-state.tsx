/** How an answer stands when it is not simply done. In: the answer. Out: what happened, what was kept, and what to do. */
import { CircleAlert, CircleStop, Hourglass, TriangleAlert } from "lucide-react";
import { type ReactNode, useContext, useEffect } from "react";
import { reasonOf } from "@/api/failure";
import { useModels } from "@/api/queries";
import type { Message } from "@/api/types";
import { Button } from "@/components/button";
import { errorText, type Failed, failureText } from "@/components/error-state";
import { type Translate, useT } from "@/i18n";
import { modelNamed, severalHere, talking } from "@/shell/model-facts";
import type { Outgoing } from "./queue";
import { activeOnPath } from "./state";
import { ThreadModel, useOutgoing, useStore, useView } from "./thread-context";

export interface AnswerStateProps {
  message: Message;
  /** What was typed is given back to the composer. */
  onUndo: (request: string) => void;
}

export function AnswerState({ message, onUndo }: AnswerStateProps) {
  const outgoing = useOutgoing(message.run);
  if (outgoing?.state === "failed") return <NotSent outgoing={outgoing} onUndo={onUndo} />;
  if (message.state === "waiting" || message.state === "running")
    return <Coming message={message} outgoing={outgoing} onUndo={onUndo} />;
  return <Ended message={message} />;
}

function NotSent({ outgoing, onUndo }: { outgoing: Outgoing; onUndo: (request: string) => void }) {
  const t = useT();
  const store = useStore();
  return (
    <Note bad icon={<CircleAlert />}>
      <p>
        {t("common.after", {
          first: t("message.sendFailed", { reason: failureText(outgoing.failure, t) }),
          second: t("message.sendKept"),
        })}
      </p>
      <Actions>
        <Button onClick={() => store.retry(outgoing.id)}>{t("common.retry")}</Button>
        <Button kind="quiet" onClick={() => onUndo(outgoing.id)}>
          {t("message.takeBack")}
        </Button>
      </Actions>
    </Note>
  );
}

interface ComingProps extends AnswerStateProps {
  outgoing: Outgoing | undefined;
}

function Coming({ message, outgoing, onUndo }: ComingProps) {
  const t = useT();
  const first = useView((view) => activeOnPath(view.thread)[0]?.id === message.id);
  const stopping = useView((view) => message.run !== null && view.stopping.has(message.run));
  const unsent = useView((view) => view.queue.some((one) => one.state === "failed"));
  if (!first) {
    return (
      <Note icon={<Hourglass />}>
        <p>{t(outgoing && unsent ? "message.held" : "message.waits")}</p>
        <Actions>
          <Button
            kind="quiet"
            busy={stopping}
            onClick={() => {
              if (message.run !== null) onUndo(message.run);
            }}
          >
            {t("message.cancelWaiting")}
          </Button>
        </Actions>
      </Note>
    );
  }
  if ((message.content !== "" || message.thought !== "") && message.state === "running") return null;
  const word = stopping ? "composer.stopping" : outgoing ? "message.sending" : null;
  return (
    <p className="flex items-center gap-2 text-13 text-ink-3">
      <span aria-hidden className="breathing size-2 rounded-full bg-sea" />
      {word === null ? <Thinking /> : t(word)}
    </p>
  );
}

/** Milliseconds until a model that sleeps, and was asked, is looked at again. */
const ASLEEP = 2000;

/** The model reads, or it is still being loaded: then how far that is. Where it slept, its state is looked at again. */
function Thinking() {
  const t = useT();
  const models = useModels();
  const model = modelNamed(talking(models.data ?? []), useContext(ThreadModel));
  const awake = model?.state === "awake" || model?.state == null;
  const asleep = model?.state === "asleep";
  const several = severalHere(models.data ?? []);
  const { refetch } = models;
  useEffect(() => {
    if (several) void refetch(); // it may have been put to sleep since it was last looked at
  }, [several, refetch]);
  useEffect(() => {
    if (!asleep) return; // a model that is being loaded is looked at again by itself
    const looking = setInterval(() => void refetch(), ASLEEP);
    return () => clearInterval(looking);
  }, [asleep, refetch]);
  if (awake) return t("message.thinking");
  const percent = model.loaded_percent;
  return percent === null ? t("message.loading") : t("message.loadingAt", { percent: String(percent) });
}

function Ended({ message }: { message: Message }) {
  const t = useT();
  const store = useStore();
  const words = endedWords(message, t);
  if (words === null) return null;
  const { text, bad, goOn } = words;
  const Icon = bad ? CircleAlert : message.state === "cut_off" ? TriangleAlert : CircleStop;
  return (
    <Note bad={bad} icon={<Icon />}>
      <p className="[overflow-wrap:anywhere]">{text}</p>
      <Actions>
        {goOn && <Button onClick={() => store.goOn(message)}>{t("message.continue")}</Button>}
        {offersAgain(message) && (
          <Button onClick={() => store.regenerate(message)}>{t(bad ? "common.retry" : "message.regenerate")}</Button>
        )}
      </Actions>
    </Note>
  );
}

/** Whether an answer that ended says itself that it can be made again: nothing is there to go on from. */
export function offersAgain({ state, content }: Message): boolean {
  return state === "failed" || ((state === "stopped" || state === "cut_off") && content === "");
}

function failedOf({ error_code: code, error, error_reason, error_values: values }: Message): Failed {
  return { code, detail: error ?? "", reason: reasonOf({ reason: error_reason, values }) };
}

/** `goOn`: there is a text to go on from. */
function endedWords(message: Message, t: Translate): { text: string; bad: boolean; goOn: boolean } | null {
  const written = message.content !== "";
  switch (message.state) {
    case "stopped":
      return { text: t(written ? "message.stopped" : "message.stoppedEmpty"), bad: false, goOn: written };
    case "cut_off":
      return { text: t(written ? "message.cutOff" : "message.cutOffEmpty"), bad: false, goOn: written };
    case "failed": {
      const reason = t("message.failed", { reason: errorText(failedOf(message), t) });
      const kept = t(written ? "message.failedKept" : "message.failedEmpty");
      return { text: t("common.after", { first: reason, second: kept }), bad: true, goOn: false };
    }
    case "done":
      if (message.finish === "length") return { text: t("message.length"), bad: false, goOn: written };
      if (message.finish === "model_length") return { text: t("message.modelLength"), bad: false, goOn: false };
      return null;
    default:
      return null;
  }
}

function Note({ bad = false, icon, children }: { bad?: boolean; icon: ReactNode; children: ReactNode }) {
  const look = bad ? "bg-bad-soft text-ink" : "bg-sunken text-ink-2";
  return (
    <div
      {...(bad ? { role: "alert" } : {})}
      className={`note flex items-start gap-x-3 rounded-2 px-3 py-2 text-13 ${look} [&>svg]:size-4 [&>svg]:flex-none ${bad ? "[&>svg]:text-bad" : "[&>svg]:text-ink-3"}`}
    >
      {icon}
      <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-2">{children}</div>
    </div>
  );
}

function Actions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap gap-1 print:hidden">{children}</div>;
}
