/** Signing in, the first account, invitations, settings. In: the address. Out: a page each. */

/** In a page of its own. Afterwards: the session is fetched again, then `nextPage(search.next)` of shell/next-page. */
export function SignInPage() {
  return null;
}

export function SetupPage() {
  return null;
}

export function InvitationPage() {
  return null;
}

/** Inside of the shell's `main`. `section`: what stands after /settings/ in the address, such as "keys"; "" is the first. */
export function SettingsPages(_: { section: string }) {
  return null;
}
