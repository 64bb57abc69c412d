#!/bin/sh
# Backs the full stack up: both databases and every volume with state, all of one moment.
# The stack's own services stand still meanwhile; those that ran are started again.
#
#   sh docker/backup.sh FOLDER
#
# .env, which holds the passwords, is left to its owner to keep.
set -eu
umask 077
[ $# -eq 1 ] || { echo "usage: sh docker/backup.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
[ -z "$(ls -A "$folder")" ] || { echo "$folder is not empty: name a new folder" >&2; exit 2; }
cd "$(dirname "$0")/.."
. docker/volumes.sh

running=$(docker compose ps --services --status running)
start_again() {
    # shellcheck disable=SC2086  # one word a service
    [ -z "$running" ] || docker compose up --detach --no-build --wait $running
}
trap start_again EXIT

# Writers end before what they write to: the scorer at a batch boundary.
docker compose stop simulator scorer dagster-daemon dagster-webserver dagster-code mlflow
docker compose stop kafka minio
docker compose up --detach --no-build --wait postgres
database=$(docker compose exec -T postgres printenv DB_NAME)
docker compose exec -T postgres pg_dump --username postgres --format custom "$database" >"$folder/dagster.dump"
docker compose exec -T postgres pg_dump --username postgres --format custom mlflow >"$folder/mlflow.dump"
echo "$VOLUMES" | while read -r volume service path; do
    docker compose cp "$service:$path/." - >"$folder/$volume.tar" </dev/null
    echo "$volume: $(du -h "$folder/$volume.tar" | cut -f1)"
done
echo "backed up into $folder"
