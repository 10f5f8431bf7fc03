/** What surrounds an answer. In: contexts set by the page. Out: what its links, pictures and headings may do. */
import { createContext } from "react";

/** Why a picture is not fetched, whatever the person wants. */
export type Refused = "host" | "offline" | "port";

export interface LinkPolicy {
  /**
   * The address on this server that fetches the picture for the person, or why there is none. An address of another origin
   * is no source.
   */
  image(url: string): { source: string } | { refused: Refused };
  /** The server was asked for it, and it came or did not. */
  asked?(url: string): void;
}

/** Until the page says otherwise, no picture is allowed. */
export const LinkPolicyContext = createContext<LinkPolicy>({ image: () => ({ refused: "host" }) });

/** The level of the heading the answer stands under; its own begin one below. */
export const HeadingLevelContext = createContext(2);
