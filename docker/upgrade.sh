#!/bin/sh
# Takes the stack to the images of the last `docker compose build`: changes the tables of MLflow, of
# Dagster and of the lake where a new release asks for it, and starts again what ran. Back up first; a change of
# tables has no way back.
#
#   docker compose build && sh docker/upgrade.sh
set -eu
[ $# -eq 0 ] || { echo "usage: sh docker/upgrade.sh" >&2; exit 2; }
cd "$(dirname "$0")/.."
export COMPOSE_PROFILES='*'

running=$(docker compose ps --services --status running --status restarting)
docker compose stop simulator scorer dagster-daemon dagster-webserver dagster-code mlflow
docker compose up --detach --no-build --wait postgres
# `mlflow db upgrade` itself wants the address, with its password, on the command line.
docker compose run --rm --no-deps -T mlflow python -c \
    'import os; from mlflow.db import commands; commands(["upgrade", os.environ["MLFLOW_BACKEND_STORE_URI"]])'
docker compose run --rm --no-deps -T dagster-code dagster instance migrate
docker compose run --rm -T dagster-code fraud lake upgrade
# shellcheck disable=SC2086  # one word a service
[ -z "$running" ] || docker compose up --detach --no-build --wait $running
echo "the stack is on the new images"
