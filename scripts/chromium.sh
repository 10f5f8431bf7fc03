# Finds the Chromium that the page is tested with. In: nothing, or CHROMIUM, a path. Out: its path; or a sentence and status 1.
# Where there is none, a root user's Debian gets it: tests of the page are never left out silently.
set -eu

fail() {
    echo "chromium: $1" >&2
    exit 1
}

find_chromium() {
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        if path=$(command -v "$name") && "$path" --version >/dev/null 2>&1; then # run: Ubuntu's package is a note about snap
            echo "$path"
            return
        fi
    done
    return 1
}

if [ -n "${CHROMIUM:-}" ]; then
    "$CHROMIUM" --version >/dev/null 2>&1 || fail "CHROMIUM is $CHROMIUM, which does not run."
    echo "$CHROMIUM"
    exit 0
fi
find_chromium && exit 0
how="Install Chromium or Chrome, or name one: CHROMIUM=/path/to/chromium"
command -v apt-get >/dev/null 2>&1 || fail "the page is tested in it, and there is none. $how"
[ "$(id -u)" = 0 ] || fail "the page is tested in it, and there is none. Run: sudo apt-get install chromium. Or name one: CHROMIUM=/path/to/chromium"
echo "Installing chromium, which the page is tested in …" >&2
apt-get -qq update >&2 && # several tests may need it at once: each waits for the one that installs
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends chromium >/dev/null ||
    fail "it could not be installed. $how"
find_chromium || fail "what was installed does not run. $how"
