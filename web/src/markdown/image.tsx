/** A picture in an answer. In: its address. Out: a button; nothing is fetched before it is pressed, and then from this server only. */
import { ImageIcon } from "lucide-react";
import { useContext, useId, useState } from "react";
import { useT } from "@/i18n";
import { revealed } from "./hidden";
import { LinkPolicyContext } from "./policy";

export interface ImageButtonProps {
  url: string;
  host: string;
  alt: string;
}

export function ImageButton({ url, host, alt }: ImageButtonProps) {
  const t = useT();
  const policy = useContext(LinkPolicyContext);
  const reason = useId();
  const [state, setState] = useState<"asked" | "loading" | "failed">("asked");
  const source = sameOrigin(policy.imageUrl(url));
  const name = revealed(alt);
  if (source !== null && state === "loading") {
    return (
      <img
        className="md-image"
        src={source}
        alt={name}
        referrerPolicy="no-referrer"
        decoding="async"
        onError={() => setState("failed")}
      />
    );
  }
  const refused = source === null;
  return (
    <span className="md-image-place">
      <button
        type="button"
        className="md-image-button"
        disabled={refused}
        aria-describedby={refused || state === "failed" ? reason : undefined}
        onClick={() => setState("loading")}
      >
        <ImageIcon aria-hidden />
        {t("markdown.loadImage", { host })}
      </button>
      {name !== "" && <span dir="auto">{name}</span>}
      {(refused || state === "failed") && (
        <small id={reason}>{t(refused ? "markdown.imageRefused" : "markdown.imageFailed", { host })}</small>
      )}
    </span>
  );
}

/** An address on this server, or null: whatever a policy says, no other host is asked. */
function sameOrigin(address: string | null): string | null {
  if (address === null) return null;
  const url = URL.parse(address, document.baseURI);
  return url && url.origin === window.location.origin && /^https?:$/.test(url.protocol) ? url.href : null;
}
