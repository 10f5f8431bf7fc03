# Makes a virtual environment. In: a folder, and a Python or "". Out: the folder with a working python and pip; or a sentence and status 1.
# An environment that works already is kept, so that one made by hand serves.
set -eu
venv=$1 chosen=$2

fail() {
    echo "make: $1" >&2
    exit 1
}

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "$chosen" ]; then
        suits "$chosen" || fail "$chosen is not Python 3.11 or newer. Name another: make PYTHON=/path/to/python3 up"
        python=$chosen
        return
    fi
    for python in python3 python3.13 python3.12 python3.11; do
        if suits "$python"; then return; fi # run, not only found: version switchers put names on the path that do not run
    done
    fail "no Python 3.11 or newer found. Install one, or name it: make PYTHON=/path/to/python3 up"
}

# Debian and Ubuntu ship Python without the module that puts pip into a new environment.
add_venv_module() {
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    command -v apt-get >/dev/null 2>&1 || fail "$python has no venv and ensurepip modules. Install your system's package for them."
    [ "$(id -u)" = 0 ] || fail "$python cannot make environments. Run: sudo apt-get install $package"
    echo "Installing $package, which $python needs to make environments …"
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$package" >/dev/null ||
        fail "$package could not be installed. Install it, then run make again."
}

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi
find_python
"$python" -c 'import venv, ensurepip' 2>/dev/null || add_venv_module
echo "Making $venv with $("$python" -V) …"
rm -rf "$venv"
"$python" -m venv "$venv" || {
    rm -rf "$venv"
    fail "$python could not make an environment in $venv (above)."
}
