#!/usr/bin/env bash
# Gives every fuzz target so many seconds, one after the other, and stops at the first that breaks.
#
#   run.sh SECONDS FOLDER [TARGET...]   FOLDER takes the build, what was found and the logs
#
# No sanitizer: it would need a nightly compiler, and none of our code is unsafe. Panics, hangs and hunger for memory are found.
set -euo pipefail
cd "$(dirname "$0")/../.."

SECONDS_EACH="$1"
FOLDER="$2"
shift 2

main() {
    # What is fuzzed is what ships.
    cp Cargo.lock tests/fuzz/Cargo.lock
    cargo fuzz build --fuzz-dir tests/fuzz --sanitizer none --target-dir "$FOLDER"
    local target targets=("$@")
    if [ ${#targets[@]} = 0 ]; then mapfile -t targets < <(cargo fuzz list --fuzz-dir tests/fuzz); fi
    for target in "${targets[@]}"; do fuzz "$target"; done
}

# What it finds goes into FOLDER; the committed corpus is only read.
fuzz() {
    local log="$FOLDER/$1.log" found="$FOLDER/found/$1"
    mkdir -p "$found"
    if cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none --target-dir "$FOLDER" "$1" "$found" "tests/fuzz/corpus/$1" -- \
        -max_total_time="$SECONDS_EACH" -timeout=20 -max_len=8192 -print_final_stats=1 >"$log" 2>&1; then
        printf '%s: %s inputs in %s s, none broke it\n' "$1" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$SECONDS_EACH"
        return
    fi
    tail -n 40 "$log" >&2
    printf '%s\n' "$1: BROKEN, see above and $log" \
        "Mend the parser and keep the input (tests/fuzz/artifacts/$1/) as tests/fuzz/corpus/$1/bad-<what it is>." >&2
    exit 1
}

main "$@"
