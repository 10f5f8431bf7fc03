/** On or off, at once. In: its label and state. Out: a switch; its label is part of what can be pressed. */
import { Switch as Radix } from "radix-ui";
import { type ReactNode, useId } from "react";

export interface SwitchProps {
  label: string;
  /** Its name where the label alone does not tell it from others: of what it is. It begins with the label. */
  name?: string;
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

export function Switch({ label, name, hint, checked, onChange, disabled = false }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="grid gap-0.5">
        <label htmlFor={id} className="font-[550]">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-13 text-ink-3">
            {hint}
          </p>
        )}
      </div>
      <Radix.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-label={name}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="touch relative h-6 w-10 flex-none rounded-full border border-ink-3 bg-sunken transition disabled:opacity-50 data-[state=checked]:border-sea data-[state=checked]:bg-sea"
      >
        <Radix.Thumb className="block size-4 translate-x-1 rounded-full bg-ink-2 transition data-[state=checked]:translate-x-[1.2rem] data-[state=checked]:bg-sea-ink" />
      </Radix.Root>
    </div>
  );
}
