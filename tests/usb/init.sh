# After tests/first.sh in the virtual PC: devices in, checks, power off.
mount -t configfs config /sys/kernel/config
gadget=/sys/kernel/config/usb_gadget/counter
mkdir -p "$gadget" && cd "$gadget" || exit 1
echo 0x1d6b >idVendor
echo 0x0104 >idProduct
mkdir -p strings/0x409 configs/c.1/strings/0x409
echo "Invented Devices" >strings/0x409/manufacturer
echo "Counter in one" >strings/0x409/product
echo 0001 >strings/0x409/serialnumber
mkdir functions/acm.0 functions/printer.0 functions/hid.0
echo "MFG:EPSON;MDL:TM-T20;CMD:ESC/POS;CLS:PRINTER;" >functions/printer.0/pnp_string
echo 1 >functions/hid.0/protocol
echo 1 >functions/hid.0/subclass
echo 8 >functions/hid.0/report_length
# Boot keyboard (USB HID 1.11, appendix B.1).
printf '\005\001\011\006\241\001\005\007\031\340\051\347\025\000\045\001\165\001\225\010\201\002\225\001\165\010\201\003\225\005\165\001\005\010\031\001\051\005\221\002\225\001\165\003\221\003\225\006\165\010\025\000\045\145\005\007\031\000\051\145\201\000\300' >functions/hid.0/report_desc
ln -s functions/acm.0 functions/printer.0 functions/hid.0 configs/c.1/
echo dummy_udc.0 >UDC
cd /
/bin/motcua-usb "$gadget/UDC" dummy_udc.0
poweroff -f
