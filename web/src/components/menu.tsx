/** A list of actions behind a button. In: a trigger and items. Out: a menu with arrow keys and type-ahead. */
import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";
import { Keys } from "./keys";

export interface MenuProps {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
  open?: boolean;
  /** For one that is made when it is asked for. */
  defaultOpen?: boolean;
  onOpenChange?: (open: boolean) => void;
  /** Where focus goes after closing; `preventDefault` keeps it from the trigger (a rename field takes it). */
  onCloseAutoFocus?: (event: Event) => void;
  className?: string;
}

export function Menu({
  trigger,
  children,
  align = "end",
  side = "bottom",
  className,
  onCloseAutoFocus,
  ...rest
}: MenuProps) {
  return (
    <Radix.Root modal={false} {...rest}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          loop
          {...(onCloseAutoFocus === undefined ? {} : { onCloseAutoFocus })}
          className={classes(
            "floats z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 max-w-[calc(100vw-1rem)] overflow-y-auto rounded-2 border border-line bg-surface p-1 text-ink shadow-2",
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const ROW =
  "flex min-h-8 coarse:min-h-11 w-full cursor-default select-none items-center gap-2.5 rounded-1 px-2 py-1 text-14 outline-none data-[highlighted]:bg-sunken data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:flex-none";

export interface MenuItemProps extends ComponentProps<typeof Radix.Item> {
  icon?: ReactNode;
  shortcut?: readonly string[] | undefined;
  danger?: boolean;
}

export function MenuItem({ icon, shortcut, danger = false, children, className, ...rest }: MenuItemProps) {
  return (
    <Radix.Item {...rest} className={classes(ROW, danger && "text-bad", className)}>
      {icon}
      <span className="flex-1">{children}</span>
      {shortcut && <Keys keys={shortcut} />}
    </Radix.Item>
  );
}

/** An item that is a link: it can be opened in another tab, or download something. */
export function MenuLink({ icon, children, ...rest }: ComponentProps<"a"> & { icon?: ReactNode }) {
  return (
    <Radix.Item asChild className={ROW}>
      <a {...rest}>
        {icon}
        <span className="flex-1">{children}</span>
      </a>
    </Radix.Item>
  );
}

export function MenuChoices(props: ComponentProps<typeof Radix.RadioGroup>) {
  return <Radix.RadioGroup {...props} />;
}

export function MenuChoice({ children, className, ...rest }: ComponentProps<typeof Radix.RadioItem>) {
  return (
    <Radix.RadioItem {...rest} className={classes(ROW, className)}>
      <span className="min-w-0 flex-1">{children}</span>
      <span className="grid size-4 place-items-center text-sea">
        <Radix.ItemIndicator>
          <Check />
        </Radix.ItemIndicator>
      </span>
    </Radix.RadioItem>
  );
}

export function MenuHeading({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2 pt-2 pb-1 font-[550] text-12 text-ink-3">{children}</Radix.Label>;
}

export function MenuLine() {
  return <Radix.Separator className="my-1 h-px bg-line" />;
}
