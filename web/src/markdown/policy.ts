/** What surrounds an answer. In: contexts set by the page. Out: what its links, pictures and headings may do. */
import { createContext } from "react";

export interface LinkPolicy {
  /**
   * The address on this server that fetches the picture for the person, or null where the server's settings do not allow
   * its host. An address of another origin is treated as null.
   */
  imageUrl(url: string): string | null;
}

/** Until the page says otherwise, no picture is allowed. */
export const LinkPolicyContext = createContext<LinkPolicy>({ imageUrl: () => null });

/** The level of the heading the answer stands under; its own begin one below. */
export const HeadingLevelContext = createContext(2);
