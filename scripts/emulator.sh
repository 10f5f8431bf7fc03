# Finds what builds for Arm and emulates it. In: nothing. Out: nothing; or a sentence and status 1.
# Where it is missing, a root user's Debian gets it, as chromium.sh has it: 200 MB, in half a minute.
set -eu

fail() {
    echo "$1" >&2
    exit 1
}

there() {
    command -v aarch64-linux-gnu-g++ >/dev/null 2>&1 && command -v qemu-aarch64 >/dev/null 2>&1
}

there && exit 0
what="g++-aarch64-linux-gnu and qemu-user"
command -v apt-get >/dev/null 2>&1 || fail "Arm is not emulated: that needs $what."
[ "$(id -u)" = 0 ] || fail "Arm is not emulated: that needs $what. Run: sudo apt-get install g++-aarch64-linux-gnu qemu-user"
echo "Installing $what, which emulate Arm …" >&2
apt-get -qq update >&2 && # several tests may need them at once: each waits for the one that installs
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends \
        g++-aarch64-linux-gnu qemu-user >/dev/null || fail "Arm is not emulated: $what could not be installed."
there || fail "Arm is not emulated: what was installed does not run."
