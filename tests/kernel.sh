# Debian's kernel for the virtual PCs of the tests; sourced by the run.sh in $HERE, the working folder is where it is kept.

# Unpacks the kernel into kernel/ unless it is there, and sets KERNEL_VERSION.
fetch_kernel() {
    local package
    package="$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)/\1/p' | head -n1)"
    [ -n "$package" ] || { echo "no kernel package in the lists; run apt-get update" >&2; exit 1; }
    KERNEL_VERSION="${package#linux-image-}"
    if [ -f "kernel/boot/vmlinuz-$KERNEL_VERSION" ]; then return; fi
    echo "fetching $package (70 MB; it is unpacked here, not installed)"
    apt-get download -q -o APT::Sandbox::User=root "$package" >/dev/null
    rm -rf kernel
    dpkg-deb -x "$package"_*.deb kernel
    rm -f "$package"_*.deb
    depmod -b kernel "$KERNEL_VERSION"
}

# Packs initrd.gz: busybox, first.sh and then $1, and these modules, in the order in which they must be loaded. What else stands in
# root/ comes along.
pack_disk() {
    local then="$1" module file
    shift
    mkdir -p root/bin root/proc root/sys root/dev root/tmp root/modules
    cp /bin/busybox root/bin/busybox
    cat "$HERE/../first.sh" "$then" >root/init
    chmod +x root/init
    : >root/modules/order
    for module in "$@"; do
        modprobe -d kernel -S "$KERNEL_VERSION" --show-depends "$module" | awk '/^insmod/ {print $2}' | while read -r file; do
            if [ -f "root/modules/$(basename "$file")" ]; then continue; fi
            cp "$file" root/modules/
            basename "$file" >>root/modules/order
        done
    done
    (cd root && find . | cpio -o -H newc --quiet | gzip -1) >initrd.gz
}
