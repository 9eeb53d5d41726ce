#!/usr/bin/env bash
# Licences, bans and sources always; advisories where their database can be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo deny --log-level error check licenses bans sources

# Only the fetch may fail quietly: an advisory that was found must not.
if problem="$(timeout 120 cargo deny fetch db 2>&1)"; then
    cargo deny --log-level error check --disable-fetch advisories
else
    echo "NOT CHECKED: advisories. The database could not be fetched: $(grep -v '^$' <<<"$problem" | tail -n1)"
    echo "NOT CHECKED: run 'cargo deny check advisories' where github.com can be reached."
fi
