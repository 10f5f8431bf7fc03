/** The line under an answer. In: the answer. Out: model, tokens, speed, and what left the machine. */
import { useContext } from "react";
import type { Message } from "@/api/types";
import { LanguageContext, useT } from "@/i18n";
import { figuresOf, speedText } from "./figures";

export function QuietLine({ message }: { message: Message }) {
  const t = useT();
  const language = useContext(LanguageContext);
  const { model, tokens, speed, neighbour, hosts } = figuresOf(message);
  // A server beside this one may pass on what it hears: where it came from is known, that it stayed here is not.
  const from = neighbour === "" ? "" : t("message.from", { host: neighbour });
  const parts = [
    model,
    hosts.length === 0 ? "" : from,
    tokens > 0 ? t("message.tokens", { count: tokens }) : "",
    speed === null ? "" : t("message.speed", { speed: speedText(speed, language) }),
  ].filter((part) => part !== "");
  return (
    <p className="ms-auto text-end text-12 max-md:ms-0 max-md:w-full max-md:text-start text-ink-3 tabular-nums [overflow-wrap:anywhere]">
      {parts.map((part) => `${part} · `)}
      {hosts.length === 0 ? (
        from || t("message.here")
      ) : (
        <span className="font-[550] text-warn">{t("message.sentTo", { hosts: hosts.join(", ") })}</span>
      )}
    </p>
  );
}
