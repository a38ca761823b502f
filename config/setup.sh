#!/bin/sh
# Installs what is missing, and nothing else: Debian or Ubuntu packages by apt-get, Python packages into .venv.
# `config/setup.sh tests` also installs what only tests and benchmarks need, their JavaScript packages into .node
# and their servers into .venv.
# `config/setup.sh films` also installs what films are compared with, `config/setup.sh ceph` the object store that
# only `make soak` runs.
# Starts no system service. Quick when nothing is missing.
set -eu
cd "$(dirname "$0")/.."
HERE=$(pwd -P)
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH DEBIAN_FRONTEND=noninteractive

TESTS=${1:-}
LOCK=requirements.lock
STAMP=.venv/complete
CLIENTS=tests/clients
CLIENTS_STAMP=.node/complete
SERVERS=tests/services/programs.txt
SERVERS_STAMP=.venv/servers
POLICY=/usr/sbin/policy-rc.d
PROGRAMS="ffmpeg:ffmpeg ffprobe:ffmpeg clamd:clamav-daemon freshclam:clamav-freshclam
    redis-server:redis-server bwrap:bubblewrap setpriv:util-linux prlimit:util-linux flock:util-linux
    wmf2gd:libwmf-bin mdb-tables:mdbtools"
FILES="/usr/share/fonts/opentype/urw-base35/NimbusSans-Regular.otf:fonts-urw-base35"
TEST_PROGRAMS="chromium:chromium curl:curl ip:iproute2 nsenter:util-linux nginx:nginx node:nodejs npm:npm
    vipsthumbnail:libvips-tools"
OFFICE=/usr/lib/libreoffice/program
FONTS=/usr/share/fonts/truetype
[ "$TESTS" != films ] || TEST_PROGRAMS="$TEST_PROGRAMS HandBrakeCLI:handbrake-cli"
[ "$TESTS" != ceph ] || TEST_PROGRAMS="$TEST_PROGRAMS ceph:ceph-common ceph-mon:ceph-mon ceph-osd:ceph-osd
    radosgw:radosgw"
TEST_FILES="/usr/share/clamav-testfiles/clam.exe:clamav-testfiles $OFFICE/libswlo.so:libreoffice-writer-nogui
    $OFFICE/libsclo.so:libreoffice-calc-nogui $OFFICE/libsdlo.so:libreoffice-impress-nogui
    $FONTS/crosextra/Carlito-Regular.ttf:fonts-crosextra-carlito
    $FONTS/crosextra/Caladea-Regular.ttf:fonts-crosextra-caladea
    $FONTS/liberation/LiberationSans-Regular.ttf:fonts-liberation"
# Ubuntu 24.04 and Debian 13 renamed some libraries: the first name that exists is taken.
LIBRARIES="libvips.so.42:libvips42t64|libvips42 libmagic.so.1:libmagic1t64|libmagic1"
PYTHONS="python3.13 python3.12 python3.11 python3"
PYTHON_PACKAGES="python3.13,python3.13-venv python3.12,python3.12-venv python3.11,python3.11-venv python3,python3-venv"

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# ---- what is there

fits() { "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in $PYTHONS; do
        if fits "$name"; then command -v "$name"; return; fi
    done
    return 1
}

# Ubuntu has Chromium as a snap only; no package of its archive is a browser.
can_have() { [ "$1" != chromium ] || { [ -z "${CHROMIUM:-}" ] && ! grep -q '^ID=ubuntu$' /etc/os-release; }; }

missing_packages() {
    for pair in $PROGRAMS ${TESTS:+$TEST_PROGRAMS}; do
        command -v "${pair%%:*}" >/dev/null || ! can_have "${pair%%:*}" || echo "${pair#*:}"
    done
    for pair in $FILES ${TESTS:+$TEST_FILES}; do
        [ -e "${pair%%:*}" ] || echo "${pair#*:}"
    done
    [ -z "$TESTS" ] || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || echo postgresql
    libraries=$(ldconfig -p)
    for pair in $LIBRARIES; do
        case "$libraries" in *"${pair%%:*} "*) ;; *) echo "${pair#*:}" ;; esac
    done
}

stamp() { echo "$HERE $(sha256sum <"$LOCK") $(.venv/bin/python -c 'import sys; print(sys.version_info[:2])')"; }

clients_stamp() { echo "$(sha256sum <$CLIENTS/package-lock.json) $(node --version)"; }

clients_complete() { [ -z "$TESTS" ] || { [ -f $CLIENTS_STAMP ] && [ "$(cat $CLIENTS_STAMP)" = "$(clients_stamp)" ]; }; }

servers_complete() { [ -z "$TESTS" ] || { [ -f $SERVERS_STAMP ] && cmp -s $SERVERS $SERVERS_STAMP; }; }

complete() { [ -x .venv/bin/python ] && [ -f $STAMP ] && [ "$(cat $STAMP)" = "$(stamp 2>/dev/null)" ]; }

# ---- system packages

as_root() { if [ "$(id -u)" = 0 ]; then env "$@"; else sudo env "$@"; fi; }

apt() { as_root DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >&2; }

may_install() {
    command -v apt-get >/dev/null || fail "missing: $* (only Debian and Ubuntu are known here; install them by hand)"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "missing: $*; run this as root, or install sudo"
}

updated=
update() {
    [ -z "$updated" ] || return 0
    apt update || fail "apt-get update failed: is there a network?"
    updated=1
}

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep 'Candidate:' | grep -qv '(none)'; }

choose() { # the first of a|b|c that apt knows
    for name in $(echo "$1" | tr '|' ' '); do
        if has_candidate "$name"; then echo "$name"; return; fi
    done
    return 1
}

choose_all() {
    for names in "$@"; do
        choose "$names" || { [ -z "$updated" ] && return 2; fail "apt knows no package $names"; }
    done
}

# A policy of ours forbids services to start while packages are installed (invoke-rc.d(8)); an older one comes back.
forbid_services() {
    trap allow_services EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    as_root sh -c "[ ! -e $POLICY ] || [ -e $POLICY.before-setup ] || mv $POLICY $POLICY.before-setup
        printf '#!/bin/sh\nexit 101\n' >$POLICY && chmod 755 $POLICY"
}

allow_services() {
    as_root sh -c "rm -f $POLICY; [ ! -e $POLICY.before-setup ] || mv $POLICY.before-setup $POLICY"
}

installed() { dpkg-query -W -f '${Package} ${db:Status-Status}\n' | awk '$2 == "installed" { print $1 }' | sort; }

disable_units() { # of the packages on standard input
    command -v systemctl >/dev/null || return 0
    while read -r package; do
        dpkg -L "$package" | sed -n 's,.*/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$,\1,p'
    done | sort -u | while read -r unit; do
        as_root systemctl disable "$unit" >/dev/null 2>&1 </dev/null || true
    done
}

install() { # names, or a|b|c
    may_install "$@"
    packages=$(choose_all "$@") || { update; packages=$(choose_all "$@"); }
    say "installing" $packages
    before=$(mktemp)
    installed >"$before"
    forbid_services
    apt install --yes --no-install-recommends $packages || {
        update
        apt install --yes --no-install-recommends $packages || fail "apt-get could not install" $packages
    }
    installed | comm -13 "$before" - | disable_units
    rm -f "$before"
    allow_services
    trap - EXIT INT TERM HUP
}

# ---- Python

install_python() {
    may_install "Python 3.11 or later with venv"
    update
    for packages in $PYTHON_PACKAGES; do
        names=$(echo "$packages" | tr ',' ' ')
        for name in $names; do has_candidate "$name" || continue 2; done
        install $names
        if find_python >/dev/null; then return; fi
    done
    fail "no Python 3.11 or later can be installed here"
}

# Scripts in a virtual environment name their interpreter by its full path, so a moved one is made afresh.
belongs_here() { .venv/bin/pip --version 2>/dev/null | grep -qF " from $HERE/.venv/"; }

make_environment() {
    python=$(find_python) || { install_python; python=$(find_python); }
    belongs_here || {
        say "making .venv with $python"
        [ ! -L .venv ] || rm .venv # what it leads to is not ours
        "$python" -m venv --clear .venv
    }
    rm -f $STAMP
    say "installing the Python packages of $LOCK"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$LOCK" >&2 ||
        fail "pip could not install $LOCK: is there a network?"
    stamp >$STAMP.new
    mv $STAMP.new $STAMP
}

# ---- JavaScript, for tests and benchmarks

install_clients() {
    say "installing the JavaScript packages of $CLIENTS/package-lock.json into .node"
    mkdir -p .node
    rm -f $CLIENTS_STAMP
    cp $CLIENTS/package.json $CLIENTS/package-lock.json $CLIENTS/.npmrc .node/
    npm --prefix .node ci --ignore-scripts --loglevel=error >&2 || fail "npm could not install: is there a network?"
    clients_stamp >$CLIENTS_STAMP
}

# ---- servers, for tests and benchmarks

install_servers() {
    say "installing the servers of $SERVERS into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $SERVERS >&2 ||
        fail "pip could not install $SERVERS: is there a network?"
    cp $SERVERS $SERVERS_STAMP
}

# ---- one setup at a time in this checkout

[ -z "$(missing_packages)" ] && complete && clients_complete && servers_complete && exit 0
exec 9<config/setup.sh
flock 9
missing=$(missing_packages | sort -u)
[ -z "$missing" ] || install $missing
complete || make_environment
clients_complete || install_clients
servers_complete || install_servers
