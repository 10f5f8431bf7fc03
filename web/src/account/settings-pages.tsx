/** The settings, inside of the shell's `main`. In: what stands after /settings/ in the address; "" is the first. Out: that section. */
export function SettingsPages(_: { section: string }) {
  return null;
}
