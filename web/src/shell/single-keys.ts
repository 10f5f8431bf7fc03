/** Whether keys without Ctrl do something. In: the person's choice in the sheet. Out: kept in this browser; on until turned off. */
import { createKept, useKept } from "./kept";

const kept = createKept("alize.single-keys", "on");

export function singleKeysOn(): boolean {
  return kept.read() !== "off";
}

export function useSingleKeys(): [boolean, (on: boolean) => void] {
  const [value, write] = useKept(kept);
  return [value !== "off", (on) => write(on ? "on" : "off")];
}
