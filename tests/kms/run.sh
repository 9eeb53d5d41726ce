#!/usr/bin/env bash
# The kiosk on a screen without a display server, and under a Wayland compositor: boots Debian's kernel in QEMU with a graphics
# card and a touch screen, starts a whole office in it, and looks at what the card shows as a person would: by reading it.
# Prints one line per check; fails when one of them fails or is missing.
#
#   tests/kms/run.sh TARGET-FOLDER     motcua-kiosk in it must be built with the feature linuxkms
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
TARGET="$(realpath "${1:?usage: tests/kms/run.sh target-folder}")"
WORK="$TARGET/kms"
mkdir -p "$WORK"
cd "$WORK"
# shellcheck source=tests/kernel.sh
source "$HERE/../kernel.sh"

# Takes the picture on the screen into $1.png, turned back by $2 degrees.
look() {
    rm -f screen.ppm
    echo "screendump $WORK/screen.ppm" >monitor.in
    local tries
    for tries in $(seq 50); do
        sleep 0.1
        if convert screen.ppm -rotate "$2" "$1.png" 2>/dev/null; then return; fi
    done
    echo "kms: no picture after $tries tries" >&2
    return 1
}

# Where these words stand last in $1.png, as buttons stand below texts: "at X Y", their middle, or "not there".
find_words() {
    tesseract "$1.png" - -l vie --psm 11 tsv 2>/dev/null | awk -F '\t' -v words="$2" '
        BEGIN { count = split(words, wanted, " ") }
        $1 == 5 { n++; word[n] = $12; left[n] = $7; top[n] = $8; right[n] = $7 + $9; bottom[n] = $8 + $10 }
        END {
            for (i = 1; i + count - 1 <= n; i++) {
                for (k = 1; k <= count; k++) { found = word[i + k - 1]; sub(/[.,:?!]$/, "", found); if (found != wanted[k]) break }
                if (k > count) { last = i + count - 1; place = sprintf("at %d %d", (left[i] + right[last]) / 2, (top[i] + bottom[i]) / 2) }
            }
            print place ? place : "not there"
        }'
}

# Answers what the program in the virtual PC asks: "kms: find PICTURE DEGREES WORDS".
answer() {
    local line name degrees words
    while IFS= read -r line; do
        line="${line%$'\r'}"
        echo "$line" >>boot.log
        case "$line" in
            *'kms: find '*)
                read -r name degrees words <<<"${line#*kms: find }"
                if look "$name" "$degrees"; then find_words "$name" "$words"; else echo "not there"; fi | tee -a boot.log >serial.in
                ;;
            *'kms: '*) echo "kms: ${line#*kms: }" ;;
        esac
    done
}

fetch_kernel
rm -rf root
pack_disk "$HERE/init.sh" virtio_pci 9p 9pnet_virtio virtio_gpu uinput evdev fuse
rm -f boot.log ./*.png serial.in serial.out monitor.in monitor.out
mkfifo serial.in serial.out monitor.in monitor.out
echo "kms: starting the virtual PC"
# Without KVM, so that it runs in any virtual machine; ACCEL=kvm for speed where it works.
timeout 1500 qemu-system-x86_64 -accel "${ACCEL:-tcg,thread=multi}" -cpu max -smp 2 -m 3072 -no-reboot -nodefaults -display none \
    -vga none -device virtio-gpu-pci,xres=1080,yres=1920 -serial pipe:serial -monitor pipe:monitor \
    -virtfs local,path=/,mount_tag=files,security_model=none,readonly=on,multidevs=remap \
    -kernel "kernel/boot/vmlinuz-$KERNEL_VERSION" -initrd initrd.gz \
    -append "console=ttyS0 quiet loglevel=0 panic=1 motcua=$(realpath "$HERE/../..") target=$TARGET" &
PC=$!
trap 'kill $PC 2>/dev/null || true' EXIT
cat monitor.out >monitor.log &
answer <serial.out
wait $PC || true
grep -q 'kms: all checks passed' boot.log || { echo "kms: FAILED; what the virtual PC said: $WORK/boot.log; what it showed: $WORK/*.png" >&2; exit 1; }
