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

MODULES='dummy_hcd libcomposite usb_f_acm usb_f_printer usb_f_hid cdc-acm usblp usbhid hid-generic evdev'

fetch_kernel() {
    local package
    package="$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)/\1/p' | head -n1)"
    [ -n "$package" ] || { echo "usb: no kernel package in the lists; run apt-get update" >&2; exit 1; }
    KERNEL_VERSION="${package#linux-image-}"
    if [ -f "kernel/boot/vmlinuz-$KERNEL_VERSION" ]; then return; fi
    echo "usb: fetching $package (70 MB; it is unpacked here, not installed)"
    apt-get download -q -o APT::Sandbox::User=root "$package" >/dev/null
    rm -rf kernel
    dpkg-deb -x "$package"_*.deb kernel
    rm -f "$package"_*.deb
    depmod -b kernel "$KERNEL_VERSION"
}

build_disk() {
    rm -rf root
    mkdir -p root/bin root/proc root/sys root/dev root/tmp root/modules
    cp /bin/busybox root/bin/busybox
    cp "$HERE/init.sh" root/init
    cp "$PROGRAM" root/bin/motcua-usb
    strip --strip-debug root/bin/motcua-usb
    local library
    # "libc.so.6 => /lib/…" and the loader's own line.
    ldd "$PROGRAM" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "root$(dirname "$library")"
        cp -L "$library" "root$library"
    done
    local module
    : >root/modules/order
    for module in $MODULES; do
        modprobe -d kernel -S "$KERNEL_VERSION" --show-depends "$module" | awk '/^insmod/ {print $2}' | while read -r library; do
            if [ -f "root/modules/$(basename "$library")" ]; then continue; fi
            cp "$library" root/modules/
            basename "$library" >>root/modules/order
        done
    done
    (cd root && find . | cpio -o -H newc --quiet | gzip -1) >initrd.gz
}

fetch_kernel
build_disk
echo "usb: starting the virtual PC"
timeout 300 qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 1 -m 512 -nographic -no-reboot -nodefaults -serial stdio \
    -kernel "kernel/boot/vmlinuz-$KERNEL_VERSION" -initrd initrd.gz -append 'console=ttyS0 quiet panic=1' </dev/null |
    tr -d '\r' | tee boot.log | sed -n 's/.*\(usb: .*\)/\1/p'
grep -q '^usb: all checks passed$' boot.log || { echo "usb: FAILED; what the virtual PC said: $WORK/boot.log" >&2; exit 1; }
