#!/usr/bin/env bash
# USB devices without hardware: boots Debian's kernel in QEMU (no KVM needed), plugs a serial barcode reader, a keyboard-mode
# barcode reader and a receipt printer into it as USB gadgets, and runs the drivers against the kernel's own device files.
# Prints one line per check; fails when one of them fails or is missing. About a minute.
#
#   tests/usb/run.sh PROGRAM     PROGRAM: the motcua-usb binary
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
PROGRAM="$(realpath "${1:?usage: tests/usb/run.sh path/to/motcua-usb}")"
WORK="$HERE/../../target/usb"
mkdir -p "$WORK"
cd "$WORK"

# shellcheck source=tests/kernel.sh
source "$HERE/../kernel.sh"

fetch_kernel
rm -rf root
mkdir -p root/bin
cp "$PROGRAM" root/bin/motcua-usb
strip --strip-debug root/bin/motcua-usb
# "libc.so.6 => /lib/…" and the loader's own line.
ldd "$PROGRAM" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "root$(dirname "$library")"
    cp -L "$library" "root$library"
done
pack_disk "$HERE/init.sh" dummy_hcd libcomposite usb_f_acm usb_f_printer usb_f_hid cdc-acm usblp usbhid hid-generic evdev
echo "usb: starting the virtual PC"
timeout 300 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 1 -m 512 -nographic -no-reboot -nodefaults -serial stdio \
    -kernel "kernel/boot/vmlinuz-$KERNEL_VERSION" -initrd initrd.gz -append 'console=ttyS0 quiet panic=1' </dev/null |
    tr -d '\r' | tee boot.log | sed -n 's/.*\(usb: .*\)/\1/p'
grep -q '^usb: all checks passed$' boot.log || { echo "usb: FAILED; what the virtual PC said: $WORK/boot.log" >&2; exit 1; }
