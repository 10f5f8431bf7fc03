/** A finished answer comes in; the parts of the quiet line under it go out. */
import { isLoopback } from "@/api/base";
import type { Message } from "@/api/types";

export interface Figures {
  model: string;
  tokens: number;
  /** Tokens a second while it was writing, or null where too little was written to tell. */
  speed: number | null;
  /** A server beside this one, on the same machine, that computed it; else empty. */
  neighbour: string;
  /** Hosts that something of this answer was sent to; none: it stayed on this machine. */
  hosts: readonly string[];
}

/** Fewer tokens than this tell nothing about speed. */
const ENOUGH = 4;

export function figuresOf(message: Message): Figures {
  const { completion_tokens: tokens, seconds, first_token_seconds: first } = message;
  // The first token is the prompt's work; the others show the pace of writing.
  const writing = seconds - first;
  const speed = tokens >= ENOUGH && writing > 0 ? (tokens - 1) / writing : null;
  const hosts = new Set(message.left);
  const near = isLoopback(message.served_by.replace(/:\d+$/, ""));
  if (message.served_by !== "" && !near) hosts.add(message.served_by);
  return { model: message.model, tokens, speed, neighbour: near ? message.served_by : "", hosts: [...hosts] };
}

/** 31.4 → "31", 3.14 → "3.1": two digits are what one believes. */
export function speedText(speed: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: speed < 10 ? 1 : 0 }).format(speed);
}
