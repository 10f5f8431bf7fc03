/** The parts that pages are made of, each in its states. */
import { Copy, Pencil, Trash2 } from "lucide-react";
import { ApiFailure } from "@/api/failure";
import { Button, type ButtonKind } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { TextArea, TextField } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { Keys } from "@/components/keys";
import { Select } from "@/components/select";
import { Skeleton } from "@/components/skeleton";
import { Switch } from "@/components/switch";
import { Wind } from "@/shell/brand";
import { Excerpt } from "@/shell/excerpt";
import { FileChip } from "@/thread/file-chip";
import { Frame, Part, Row } from "../frame";
import type { Scene } from "../scene";
import { LONG_WORD } from "../texts";

const KINDS: ButtonKind[] = ["primary", "plain", "quiet", "danger"];
const nothing = () => {};
const READ_ONLY = { onChange: nothing };

function Buttons() {
  return (
    <Frame title="Buttons and marks">
      <Part name="At rest, under way, not possible">
        {KINDS.map((kind) => (
          <Row key={kind}>
            <Button kind={kind}>Keep changes</Button>
            <Button kind={kind} busy>
              Keep changes
            </Button>
            <Button kind={kind} disabled>
              Keep changes
            </Button>
          </Row>
        ))}
        <Button>{`A button with far more words than anybody should have put on it, ${LONG_WORD.slice(0, 40)}`}</Button>
      </Part>
      <Part name="Icons">
        <Row>
          <IconButton label="Copy" icon={<Copy />} />
          <IconButton label="Edit" icon={<Pencil />} small />
          <IconButton label="Pressed" icon={<Pencil />} aria-pressed />
          <IconButton label="Send" icon={<Copy />} kind="primary" />
          <IconButton label="Delete" icon={<Trash2 />} disabled />
          <Wind className="size-6 text-sea" />
        </Row>
      </Part>
      <Part name="Keys">
        <Row>
          <Keys keys={["Ctrl", "K"]} />
          <Keys keys={["?"]} />
          <span className="rounded-1 bg-ink p-2 text-paper">
            <Keys keys={["Esc"]} inverse />
          </span>
        </Row>
      </Part>
      <Part name="Files">
        <Row>
          <FileChip file={{ name: "energy-2026.csv", type: "text/csv", text: "a\nb", id: null }} />
          <FileChip file={{ name: `${LONG_WORD}.txt`, type: "text/plain", text: "a", id: null }} onRemove={nothing} />
          <FileChip
            file={{ name: "invoice\u202Efdp.exe", type: "text/plain", text: "a", id: null }}
            onRemove={nothing}
          />
        </Row>
      </Part>
      <Part name="Hits">
        <p>
          <Excerpt
            text="The new pump at Quay 4 made the difference."
            marks={[
              [8, 12],
              [16, 22],
            ]}
          />
        </p>
      </Part>
    </Frame>
  );
}

function Fields() {
  return (
    <Frame title="Fields">
      <TextField label="Name" {...READ_ONLY} value="" placeholder="What you are called" />
      <TextField label="Name" {...READ_ONLY} value="Alix" hint="Others in this house see it." />
      <TextField
        label="Password"
        {...READ_ONLY}
        value="short"
        type="password"
        error="At least 8 characters."
        hint="Any."
      />
      <TextField label={`A label that is long: ${LONG_WORD}`} {...READ_ONLY} value={LONG_WORD} error={LONG_WORD} />
      <TextField label="Address" {...READ_ONLY} value="alix@example.org" disabled />
      <TextArea label="System prompt" {...READ_ONLY} value={"Answer in short sentences.\nSay what is unsure."} />
      <Select
        label="Works for"
        value="30"
        choices={[
          { value: "30", label: "30 days" },
          { value: "never", label: "Always" },
        ]}
        onChange={nothing}
      />
      <Switch label="Shortcuts of one key" hint="? and /" checked onChange={nothing} />
      <Switch label="Off" checked={false} onChange={nothing} />
    </Frame>
  );
}

function States() {
  const refused = new ApiFailure(`The disk is full. ${LONG_WORD}`, 503, "unavailable");
  return (
    <Frame title="States of a place">
      <Part name="Nothing here yet">
        <EmptyState title="No conversations yet" action={<Button kind="primary">New chat</Button>}>
          What you ask is kept here, by day.
        </EmptyState>
      </Part>
      <Part name="Failed">
        <ErrorState title="The list could not be loaded" error={refused} onRetry={nothing}>
          <p className="text-13 text-ink-3">Nothing was lost.</p>
        </ErrorState>
      </Part>
      <Part name="On its way">
        <Skeleton lines={5} />
      </Part>
    </Frame>
  );
}

export const PARTS: readonly Scene[] = [
  { id: "buttons", title: "Buttons, icons, keys, files, hits", mount: () => <Buttons />, until: "mark" },
  { id: "fields", title: "Fields, choices, switches", mount: () => <Fields />, until: "[role=switch]", tall: 1100 },
  { id: "states", title: "Empty, failed, on its way", mount: () => <States />, until: "[role=alert]" },
];
