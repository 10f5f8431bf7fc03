/** A picture in an answer. In: its address. Out: a box that says what it is; nothing is fetched before *Show*, then from this server only. */
import { ImageIcon } from "lucide-react";
import { type ReactNode, useContext, useId, useLayoutEffect, useRef, useState } from "react";
import { type Key, useT } from "@/i18n";
import { revealed } from "./hidden";
import { LinkPolicyContext, type Refused } from "./policy";
import { shown } from "./shown-text";

export interface OutsideImageProps {
  url: string;
  host: string;
  alt: string;
}

const WHY: Record<Refused, Key> = {
  host: "markdown.imageRefused",
  offline: "markdown.imageOffline",
  port: "markdown.imagePort",
};

/** `source`: the very address that was agreed to; one that changes while the answer still grows is asked for again. */
interface Agreed {
  source: string | null;
  state: "loading" | "shown" | "failed";
}

export function OutsideImage({ url, host, alt }: OutsideImageProps) {
  const t = useT();
  const policy = useContext(LinkPolicyContext);
  const found = policy.image(url);
  const [agreed, setAgreed] = useState<Agreed>({ source: null, state: "loading" });
  const image = useRef<HTMLImageElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const held = useRef(false);
  const reason = useId();
  const source = "source" in found ? sameOrigin(found.source) : null;
  const state = source !== null && agreed.source === source ? agreed.state : "asked";
  const name = revealed(alt);

  const arrived = (): void => {
    held.current = document.activeElement === button.current;
    setAgreed({ source, state: "shown" });
    policy.asked?.(url);
  };
  const failed = (): void => {
    setAgreed({ source, state: "failed" });
    policy.asked?.(url);
  };
  // The button has left the page, and the picture can be seen: whoever pressed it stays where it was.
  useLayoutEffect(() => {
    if (state === "shown" && held.current) image.current?.focus({ preventScroll: true });
  }, [state]);
  const why = "refused" in found ? WHY[found.refused] : source === null ? WHY.host : null;
  return (
    <>
      {source !== null && (state === "loading" || state === "shown") && (
        <img
          ref={image}
          className="md-image"
          data-waiting={state === "loading" || undefined}
          src={source}
          alt={name === "" ? t("markdown.image", { host }) : name}
          tabIndex={-1}
          referrerPolicy="no-referrer"
          decoding="async"
          onLoad={arrived}
          onError={failed}
        />
      )}
      {state !== "shown" && (
        <Box url={url} host={host} name={name}>
          {why !== null && <small>{t(why, { host })}</small>}
          {why === null && (
            <button
              ref={button}
              type="button"
              className="md-image-button"
              aria-label={t(state === "failed" ? "markdown.imageRetryOf" : "markdown.imageShowOf", { host })}
              aria-busy={state === "loading" || undefined}
              aria-describedby={state === "failed" ? reason : undefined}
              onClick={() => setAgreed({ source, state: "loading" })}
            >
              {t(state === "loading" ? "common.loading" : state === "failed" ? "common.retry" : "markdown.imageShow")}
            </button>
          )}
          <small id={reason} role="status">
            {state === "failed" && t("markdown.imageFailed", { host })}
          </small>
        </Box>
      )}
    </>
  );
}

/** What would be fetched, all of it: an address can carry words of the conversation away. */
function Box({ url, host, name, children }: { url: string; host: string; name: string; children: ReactNode }) {
  const t = useT();
  const label = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset may not stand in a paragraph, where pictures stand
    <span role="group" aria-labelledby={label} className="md-image-place">
      <span id={label} className="md-image-host">
        <ImageIcon aria-hidden />
        {t("markdown.image", { host })}
      </span>
      {name !== "" && <span dir="auto">{name}</span>}
      <span dir="ltr" className="md-image-address">
        {shown(url)}
      </span>
      {children}
    </span>
  );
}

/** An address on this server, or null: whatever a policy says, no other host is asked. */
function sameOrigin(address: string): string | null {
  const url = URL.parse(address, document.baseURI);
  return url && url.origin === window.location.origin && /^https?:$/.test(url.protocol) ? url.href : null;
}
