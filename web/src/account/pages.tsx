/** Signing in, the first account, invitations, settings. In: the address. Out: a page each. */
export { InvitationPage } from "./invitation-page";
export { SettingsPages } from "./settings-pages";
export { SetupPage } from "./setup-page";
export { SignInPage } from "./sign-in-page";
