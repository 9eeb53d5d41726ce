#!/bin/busybox sh
# First process of a virtual PC: its kernel's own files, and its modules.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do
    insmod "/modules/$module" || echo "pc: module $module was not taken"
done </modules/order
