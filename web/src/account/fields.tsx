/** Fields that several forms have. In: a form's field. Out: the field as browsers and password keepers know it. */
import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { FIELD, Field, type FieldProps, TextField } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { useT } from "@/i18n";
import { LIMITS } from "./checks";

type Given = Omit<FieldProps, "label"> & Omit<ComponentProps<"input">, "type" | "autoComplete">;

/** Of type text: browsers rewrite what is typed into an e-mail field (blanks, other scripts) before the page sees it. */
export function EmailField(given: Given) {
  const t = useT();
  return (
    <TextField
      {...given}
      label={t("account.email")}
      type="text"
      inputMode="email"
      autoComplete="email"
      autoCapitalize="none"
      autoCorrect="off"
      spellCheck={false}
      required
      dir="ltr"
    />
  );
}

export function NameField(given: Given) {
  const t = useT();
  return (
    <TextField
      {...given}
      label={t("account.name")}
      hint={t("account.name_hint")}
      autoComplete="name"
      required
      dir="auto"
    />
  );
}

export interface PasswordFieldProps extends Given {
  label: string;
  autoComplete: "current-password" | "new-password";
}

export function PasswordField({ label, hint, error, autoComplete, ...rest }: PasswordFieldProps) {
  const t = useT();
  const [seen, setSeen] = useState(false);
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <span className="relative block">
          <input
            {...rest}
            {...ids}
            type={seen ? "text" : "password"}
            autoComplete={autoComplete}
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            required
            dir="ltr"
            className={`${FIELD} min-h-10 pr-11 coarse:pr-12`}
          />
          <IconButton
            label={t(seen ? "account.hide_password" : "account.show_password")}
            icon={seen ? <EyeOff /> : <Eye />}
            onClick={() => setSeen(!seen)}
            className="absolute top-1/2 right-0.5 -translate-y-1/2"
          />
        </span>
      )}
    </Field>
  );
}

export function NewPasswordField(given: Given & { label: string }) {
  const t = useT();
  return <PasswordField {...given} autoComplete="new-password" hint={t("account.password_hint", LIMITS)} />;
}
