/** The form of a new account. In: how it is sent. Out: e-mail, name and password, checked as the server checks them. */
import type { ApiFailure } from "@/api/failure";
import type { NewAccount } from "./actions";
import { emailFault, nameFault, newPasswordFault } from "./checks";
import type { Said } from "./faults";
import { useFaultText } from "./use-fault-text";
import { type FormState, faultsOf, useForm } from "./use-form";

export type AccountField = "token" | "email" | "name" | "password";

export interface AccountFormParts {
  /** Asked for beside the rest; its fault where it is empty. Null: it is not asked for. */
  tokenFault: string | null;
  send: (account: NewAccount, token: string) => Promise<void>;
  explain: (failure: ApiFailure) => Partial<Said<AccountField>> | null;
}

export function useAccountForm({ tokenFault, send, explain }: AccountFormParts): FormState<AccountField> {
  const faultText = useFaultText();
  return useForm<AccountField>({
    initial: { token: "", email: "", name: "", password: "" },
    check: ({ token, email, name, password }) =>
      faultsOf<AccountField>({
        token: token.trim() === "" ? tokenFault : null,
        email: faultText(emailFault(email)),
        name: faultText(nameFault(name)),
        password: faultText(newPasswordFault(password)),
      }),
    send: ({ token, email, name, password }) =>
      send({ email: email.trim(), name: name.trim(), password }, token.trim()),
    explain,
  });
}
