import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { furnish } from "@/test/dom";
import { Refusals } from "./refusals";

beforeEach(() => furnish());

const binaries = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ why: "binary" as const, name: `${index + 1}.exe` }));

/** Whether its line can be seen: not where it lies in what has not been unfolded. */
function seen(name: string): boolean {
  const around = screen.getByText(`${name} was not attached: its content is not text.`).closest("details");
  return around === null || around.open;
}

test("of a folder of files the first refusals are shown, and the others for whoever asks", async () => {
  render(<Refusals refused={binaries(20)} />);
  expect(["3.exe", "4.exe", "20.exe"].map(seen)).toEqual([true, false, false]);
  await userEvent.click(screen.getByText("17 more files were not attached", { selector: "summary" }));
  expect(["3.exe", "4.exe", "20.exe"].map(seen)).toEqual([true, true, true]);
});

test("a few refusals are all shown: a line that says one more would take as much room as the one itself", () => {
  render(<Refusals refused={binaries(4)} />);
  expect(seen("4.exe")).toBe(true);
  expect(screen.queryByText(/not attached$/)).toBeNull();
});
