#!/bin/sh
# Fills a stack without volumes from a folder that backup.sh made. `docker compose up` goes on from there.
#
#   sh docker/restore.sh FOLDER
set -eu
[ $# -eq 1 ] || { echo "usage: sh docker/restore.sh FOLDER" >&2; exit 2; }
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
. docker/volumes.sh

for file in dagster.dump mlflow.dump $(echo "$VOLUMES" | sed 's/ .*/.tar/'); do
    [ -s "$folder/$file" ] || { echo "$folder/$file is missing or empty: nothing was changed" >&2; exit 2; }
done
project=$(docker compose config --format json | sed -n 's/^  "name": "\(.*\)",\{0,1\}$/\1/p')
if [ -n "$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project")" ]; then
    echo "$project has volumes: restoring begins from none, so 'docker compose down --volumes' comes first" >&2
    exit 2
fi

# Its first start makes the roles, with the passwords of .env, and the empty databases.
docker compose up --detach --no-build --wait postgres
restore() { # role, database, dump
    docker compose exec -T postgres \
        pg_restore --username postgres --exit-on-error --no-owner --role "$1" --dbname "$2" <"$folder/$3"
}
restore "$(docker compose exec -T postgres printenv DB_USER)" \
    "$(docker compose exec -T postgres printenv DB_NAME)" dagster.dump
restore mlflow mlflow mlflow.dump
docker compose create --no-build kafka minio scorer dagster-code
echo "$VOLUMES" | while read -r volume service path; do
    docker compose cp - "$service:$path" <"$folder/$volume.tar"
    echo "$volume: restored"
done
echo "restored; go on with 'docker compose up --detach --wait'"
