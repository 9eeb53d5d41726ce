#!/usr/bin/env bash
# A PostgreSQL and an S3 server of one's own, for tests and benchmarks of the hub's shared engine.
#
#   tests/hub/cloud.sh JUDGES      JUDGES: the folder of the Python judges, see provisioning/setup/setup.sh
#
# Prints what the hub needs as NAME=value lines, then READY, and keeps both until its standard input ends.
# Prints SKIPPED and why where something is not installed.
set -euo pipefail

JUDGES="$1"
skip() { echo "SKIPPED $*"; exit 0; }

BIN="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n1)"
[ -x "$BIN/initdb" ] || skip "PostgreSQL is not installed; provisioning/setup/setup.sh test installs it"
"$JUDGES/bin/python3" -c "import moto.server" 2>/dev/null || skip "moto, the S3 server, is not in $JUDGES; provisioning/setup/setup.sh test installs it"

# PostgreSQL refuses to run as root.
as_user() { "$@"; }
PLACE="$(mktemp -d /tmp/motcua-cloud.XXXXXX)"
if [ "$(id -u)" = 0 ]; then
    id postgres >/dev/null 2>&1 || skip "there is no user postgres to run PostgreSQL as"
    chown postgres "$PLACE"
    as_user() { runuser -u postgres -- "$@"; }
fi

S3=
end() {
    [ -z "$S3" ] || kill "$S3" 2>/dev/null || true
    (cd /; as_user "$BIN/pg_ctl" -D "$PLACE/data" -m immediate stop >/dev/null 2>&1) || true
    rm -rf "$PLACE"
}
trap end EXIT
trap 'exit 1' TERM INT

free_port() { "$JUDGES/bin/python3" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

cd /
as_user "$BIN/initdb" -D "$PLACE/data" -U hub -A trust --no-sync -E UTF8 --locale=C >/dev/null
DATABASE_PORT="$(free_port)"
# fsync stays on: what the hub signs for must be on the disk.
as_user "$BIN/pg_ctl" -D "$PLACE/data" -w -l "$PLACE/log" -o "-p $DATABASE_PORT -h 127.0.0.1 -k $PLACE -c max_connections=100" start >/dev/null

S3_PORT="$(free_port)"
(cd "$PLACE" && exec "$JUDGES/bin/python3" -m moto.server -H 127.0.0.1 -p "$S3_PORT") >"/dev/null" 2>&1 </dev/null &
S3=$!
for _ in $(seq 100); do
    curl -sf -o /dev/null -X PUT "http://127.0.0.1:$S3_PORT/motcua" && break
    sleep 0.1
done

cat <<END
MOTCUA_HUB_DATABASE=postgresql://hub@127.0.0.1:$DATABASE_PORT/postgres
MOTCUA_HUB_BUCKET=motcua
AWS_ENDPOINT_URL=http://127.0.0.1:$S3_PORT
AWS_REGION=us-east-1
AWS_ACCESS_KEY_ID=test
AWS_SECRET_ACCESS_KEY=test
AWS_ALLOW_HTTP=true
READY
END
cat >/dev/null
