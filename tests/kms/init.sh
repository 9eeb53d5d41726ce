# After tests/first.sh in the virtual PC: this machine's own files, read only, and on them the office with its screen.
mkdir /pc
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 files /pc || { echo "kms: no files"; poweroff -f; }
for folder in proc sys dev; do mount --bind "/$folder" "/pc/$folder"; done
for folder in tmp run var/tmp; do mount -t tmpfs none "/pc/$folder"; done
mkdir -p /pc/dev/pts /pc/dev/shm && mount -t devpts devpts /pc/dev/pts && mount -t tmpfs none /pc/dev/shm
stty -F /dev/ttyS0 raw -echo
ip link set lo up
here="$(sed 's/.*motcua=\([^ ]*\).*/\1/' /proc/cmdline)"
target="$(sed 's/.*target=\([^ ]*\).*/\1/' /proc/cmdline)"
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp LANG=C.UTF-8
# udev does nothing in what it takes for a chroot.
export SYSTEMD_IGNORE_CHROOT=1
chroot /pc /lib/systemd/systemd-udevd --daemon
chroot /pc /bin/sh -c 'udevadm trigger --action=add; udevadm settle'
chroot /pc /bin/sh -c "cd '$here' && exec '$target/debug/motcua-kms' </dev/ttyS0 >/dev/ttyS0 2>/tmp/kms.err"
tail -n 20 /pc/tmp/kms.err | sed 's/^/kms: said: /' >/dev/ttyS0
poweroff -f
