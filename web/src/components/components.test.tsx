import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { ApiFailure } from "@/api/failure";
import { LanguageContext, translate } from "@/i18n";
import { furnish } from "@/test/dom";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorState, failureText } from "./error-state";
import { TextField } from "./field";
import { IconButton } from "./icon-button";
import { Keys } from "./keys";
import { Menu, MenuItem } from "./menu";
import { Select } from "./select";
import { Switch } from "./switch";
import { ToastProvider, useNotify } from "./toast";
import { TooltipProvider } from "./tooltip";

beforeEach(() => furnish());

test("a busy button keeps focus, says that it is busy, and does nothing more", async () => {
  const pressed = vi.fn();
  const submitted = vi.fn((event: Event) => event.preventDefault());
  render(
    <form onSubmit={(event) => submitted(event.nativeEvent)}>
      <Button type="submit" busy onClick={pressed}>
        Save
      </Button>
    </form>,
  );
  const button = screen.getByRole("button", { name: "Save" });
  await userEvent.click(button);
  expect([pressed.mock.calls.length, submitted.mock.calls.length]).toEqual([0, 0]);
  expect(document.activeElement).toBe(button);
  expect(button.getAttribute("aria-busy")).toBe("true");
});

function Drawer() {
  const notify = useNotify();
  const undo = { label: "Undo", run: () => {} };
  return (
    <Dialog open onOpenChange={() => {}} title="Drawer">
      <Button onClick={() => notify({ text: "Deleted", action: undo })}>Delete</Button>
    </Dialog>
  );
}

test("a notice is heard and pressed while a window is open", async () => {
  render(
    <TooltipProvider>
      <ToastProvider>
        <Drawer />
      </ToastProvider>
    </TooltipProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(await screen.findByRole("button", { name: "Undo" })).toBeTruthy();
});

test("keys are called as on the keyboards of the language", () => {
  render(<Keys keys={["Shift", "Del"]} />, {
    wrapper: ({ children }) => <LanguageContext value="fr">{children}</LanguageContext>,
  });
  expect(screen.getByText("Maj Suppr")).toBeTruthy();
});

test("an icon's button says its name and its keys on focus too", async () => {
  render(
    <TooltipProvider>
      <IconButton label="New chat" shortcut={["Ctrl", "Shift", "O"]} icon={<i />} />
    </TooltipProvider>,
  );
  await userEvent.tab();
  expect(screen.getByRole("button", { name: "New chat" })).toBe(document.activeElement);
  expect((await screen.findByRole("tooltip")).textContent).toBe("New chatCtrl Shift O");
});

test("a field's error and hint are heard with it, and only while there is one", () => {
  const field = (error: string | null) => <TextField label="Name" hint="What others see" error={error} />;
  const { rerender } = render(field(null));
  const input = screen.getByLabelText("Name");
  const said = () =>
    (input.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
  expect(said()).toEqual(["What others see"]);
  expect(input.hasAttribute("aria-invalid")).toBe(false);
  rerender(field("The name is taken."));
  expect(said()).toEqual(["What others see", "The name is taken."]);
  expect(input.getAttribute("aria-invalid")).toBe("true");
});

test("a select and a switch give what was chosen", async () => {
  const role = vi.fn();
  const on = vi.fn();
  const choices = [
    { value: "owner", label: "Owner" },
    { value: "member", label: "Member" },
  ] as const;
  render(
    <>
      <Select label="Role" value="owner" choices={choices} onChange={role} />
      <Switch label="Notices" checked={false} onChange={on} />
    </>,
  );
  await userEvent.selectOptions(screen.getByLabelText("Role"), "Member");
  await userEvent.click(screen.getByText("Notices"));
  expect(role).toHaveBeenCalledWith("member");
  expect(on).toHaveBeenCalledWith(true);
});

function Asking() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Open
      </button>
      <Dialog open={open} onOpenChange={setOpen} title="Make a key">
        <TextField label="Name" />
      </Dialog>
    </>
  );
}

test("a dialog takes focus to its first field, keeps it, and gives it back", async () => {
  render(
    <TooltipProvider>
      <Asking />
    </TooltipProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Open" }));
  const dialog = await screen.findByRole("dialog", { name: "Make a key" });
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Name")));
  for (let step = 0; step < 4; step++) {
    await userEvent.tab();
    expect(dialog.contains(document.activeElement)).toBe(true);
  }
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name: "Open" })));
});

test("a menu is walked by arrow keys and by its first letters", async () => {
  const chosen = vi.fn();
  render(
    <Menu trigger={<button type="button">More</button>}>
      <MenuItem onSelect={() => chosen("rename")}>Rename</MenuItem>
      <MenuItem onSelect={() => chosen("delete")}>Delete</MenuItem>
    </Menu>,
  );
  screen.getByRole("button", { name: "More" }).focus();
  await userEvent.keyboard("{Enter}");
  await screen.findByRole("menu");
  await userEvent.keyboard("d{Enter}");
  expect(chosen).toHaveBeenCalledWith("delete");
});

function Notifying({ undo }: { undo: () => void }) {
  const notify = useNotify();
  return (
    <button type="button" onClick={() => notify({ key: "x", text: "Deleted", action: { label: "Undo", run: undo } })}>
      Delete
    </button>
  );
}

test("a notice is announced, is replaced by the next of its kind, and undoes once", async () => {
  const undo = vi.fn();
  render(
    <TooltipProvider>
      <ToastProvider>
        <Notifying undo={undo} />
      </ToastProvider>
    </TooltipProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  const region = screen.getByRole("region", { name: /Notices/ });
  expect(within(region).getAllByText("Deleted")).toHaveLength(1);
  await userEvent.click(within(region).getByRole("button", { name: "Undo" }));
  expect(undo).toHaveBeenCalledOnce();
  await waitFor(() => expect(within(region).queryByText("Deleted")).toBeNull());
});

test("an error says what happened in the page's language, with the server's words where they tell more", () => {
  const french = (key: Parameters<typeof translate>[1], values = {}) => translate("fr", key, values);
  expect(failureText(new ApiFailure("x", 0, "unreachable"), french)).toContain("Le serveur n’a pas répondu");
  expect(failureText(new ApiFailure("HTTP 502", 502, "unexplained"), french)).toContain("sans explication (HTTP 502)");
  const taken = new ApiFailure("The name is taken.", 409, "conflict_error", "conflict");
  expect(failureText(taken, french)).toMatch(
    /^Impossible dans l’état actuel\s: «\sThe name is taken\.\s» \(texte du serveur, en anglais\)$/,
  );
  expect(failureText(taken, (key, values) => translate("en", key, values))).toBe(
    "Not possible as things are: The name is taken.",
  );
  const newer = (type: string) => failureText(new ApiFailure("It rains.", 500, type, "weather"), french);
  expect(newer("server_error")).toMatch(/^Le serveur a échoué\s: «\sIt rains\.\s» \(texte du serveur, en anglais\)$/);
  expect(newer("weather_error")).toMatch(/^«\sIt rains\.\s» \(texte du serveur, en anglais\)$/);
  expect(failureText(new TypeError("undefined is not a function"), french)).toBe(
    "Une erreur s’est produite sur cette page.",
  );
});

test("what failed can be tried again", () => {
  const again = vi.fn();
  render(<ErrorState title="Not loaded" error={new ApiFailure("Full.", 507, "full")} onRetry={again} />);
  expect(screen.getByRole("alert").textContent).toContain("Full.");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(again).toHaveBeenCalledOnce();
});
