/**
 * The text/event-stream format. In: pieces of text, cut anywhere. Out: whole events, in order.
 *
 * After the WHATWG specification: lines end in CR, LF or CR LF; a colon begins a comment; an event ends at an empty line; what is
 * unfinished when the stream ends is dropped. `id` stays in force until another comes.
 */
export interface StreamEvent {
  id: string;
  event: string;
  data: string;
}

export interface EventParser {
  push(piece: string): StreamEvent[];
}

export function createEventParser(): EventParser {
  let rest = "";
  let begun = false;
  let id = "";
  let event = "";
  let data: string[] = [];

  function field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
  }

  function push(piece: string): StreamEvent[] {
    const found: StreamEvent[] = [];
    rest += begun || piece === "" ? piece : piece.replace(/^\uFEFF/, "");
    begun ||= piece !== "";
    let start = 0;
    const ends = /\r\n|\n|\r/g;
    for (let end = ends.exec(rest); end !== null; end = ends.exec(rest)) {
      // A CR that ends the piece may be the first half of CR LF: wait for what follows.
      if (end[0] === "\r" && ends.lastIndex === rest.length) break;
      const line = rest.slice(start, end.index);
      start = ends.lastIndex;
      if (line !== "") field(line);
      else {
        if (data.length > 0) found.push({ id, event: event || "message", data: data.join("\n") });
        event = "";
        data = [];
      }
    }
    rest = rest.slice(start);
    return found;
  }

  return { push };
}
