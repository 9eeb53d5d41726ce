#!/usr/bin/env bash
# Two hubs on one PostgreSQL and one S3 server, and a fleet of devices that comes back to them.
#
#   tests/hub/bench_fleet.sh TARGET [options of motcua-fleet]     TARGET: cargo's target folder, built for release, or PROFILE=debug
set -euo pipefail
TARGET="$1"
shift
HERE="$(cd "$(dirname "$0")" && pwd)"
BUILT="$TARGET/${PROFILE:-release}"
HUB="$BUILT/motcua-hub"
PLACE="$(mktemp -d)"
PIDS=()
end() {
    [ ${#PIDS[@]} -eq 0 ] || kill "${PIDS[@]}" 2>/dev/null || true
    [ -z "${CLOUD_PID:-}" ] || { exec {CLOUD[1]}>&-; wait "$CLOUD_PID" 2>/dev/null || true; }
    rm -rf "$PLACE"
}
trap end EXIT
# A connection for each device.
ulimit -n "$(ulimit -Hn)"

coproc CLOUD { exec "$HERE/cloud.sh" "$TARGET/judges"; }
while IFS= read -r line <&"${CLOUD[0]}"; do
    case "$line" in
        READY) break ;;
        SKIPPED*) echo "$line"; exit 0 ;;
        *=*) export "${line?}" ;;
    esac
done

"$HUB" init "$PLACE/hub" >/dev/null
HUBS=()
for number in 1 2; do
    "$HUB" serve "$PLACE/hub" --listen 127.0.0.1:0 >"$PLACE/said$number" 2>"$PLACE/log$number" &
    PIDS+=($!)
    for _ in $(seq 100); do [ ! -s "$PLACE/said$number" ] || break; sleep 0.1; done
    HUBS+=(--hub "https://$(sed 's/.*"listen":"\([^"]*\)".*/\1/' "$PLACE/said$number")")
done
echo "machine: $(nproc) cores, shared by the fleet, two hubs, PostgreSQL (fsync on) and moto (an S3 server in Python)"
"$BUILT/examples/motcua-fleet" --keys "$PLACE/hub" "${HUBS[@]}" "$@"
for number in 0 1; do
    echo "hub $((number + 1)): $(awk '/VmHWM/ {print int($2 / 1024)}' "/proc/${PIDS[$number]}/status") MB at most, $(ps -o cputimes= -p "${PIDS[$number]}" | tr -d ' ') s of processor time"
done
