#!/bin/sh
# Writes .env from .env.example and generates each secret that docker-compose.yml asks for
# as ${NAME:?…}. A value that is there already stays, so it is safe to run again.
set -eu
umask 077
cd "$(dirname "$0")/.."

[ -e .env ] || cp .env.example .env
chmod 600 .env

set_secret() { # name; its value never stands on a command line
    value=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
    line_found=no
    while IFS= read -r line || [ -n "$line" ]; do
        if [ "$line" = "$1=" ]; then
            line="$1=$value"
            line_found=yes
        fi
        printf '%s\n' "$line"
    done <.env >.env.new
    [ $line_found = yes ] || printf '%s=%s\n' "$1" "$value" >>.env.new
    mv .env.new .env
    echo "generated $1"
}

for name in $(grep -o '\${[A-Z_]*:?' docker-compose.yml | tr -cd 'A-Z_\n' | sort -u); do
    grep -q "^$name=." .env || set_secret "$name"
done
echo ".env is complete"
