import fc from "fast-check";
import { expect, test } from "vitest";
import { emailFault, LONGEST, nameFault, newPasswordFault, passwordFault, SHORTEST } from "./checks";

test("an address has a person, a place and no blanks; blanks around it do not matter", () => {
  for (const good of ["ada@example.org", " Ada@Example.ORG ", "a@b", "愛@例え.jp"]) expect(emailFault(good)).toBeNull();
  for (const bad of ["ada", "@example.org", "ada@", "a da@example.org", "a@b@c", `${"a".repeat(260)}@b`])
    expect(emailFault(bad), bad).toBe("account.fault_email");
  expect(emailFault("  ")).toBe("account.fault_email_missing");
});

test("a name is a letter at least and a hundred at most", () => {
  expect([nameFault("A"), nameFault("x".repeat(100)), nameFault("🦆".repeat(100))]).toEqual([null, null, null]);
  expect([nameFault(" "), nameFault("x".repeat(101))]).toEqual([
    "account.fault_name_missing",
    "account.fault_name_long",
  ]);
});

test("a password that is there already is only asked to be something", () => {
  expect([passwordFault(""), passwordFault(" ")]).toEqual(["account.fault_password_missing", null]);
});

test("a new password is measured in characters after NFKC, as the server measures it", () => {
  expect(newPasswordFault("ﬁﬁﬁﬁ")).toBeNull(); // four ligatures are eight letters
  expect(newPasswordFault("🦆".repeat(7))).toBe("account.fault_password_short"); // 14 UTF-16 units
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (length) => {
      const wanted =
        length < SHORTEST ? "account.fault_password_short" : length > LONGEST ? "account.fault_password_long" : null;
      expect(newPasswordFault("é".normalize("NFD").repeat(length))).toBe(wanted);
    }),
  );
});
