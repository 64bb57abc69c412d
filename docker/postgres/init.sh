#!/bin/sh
# One role and one database each for Dagster and MLflow; neither can open the other's.
# The image runs it on an empty volume; running it again changes nothing but the passwords.
set -eu

create() { # role, database, name of the variable that holds the password
    ROLE=$1 DATABASE=$2 PASSWORD=$(printenv "$3") \
        psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv role ROLE
\getenv database DATABASE
\getenv password PASSWORD
SELECT format('CREATE ROLE %I LOGIN', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}

create "$DB_USER" "$DB_NAME" DB_PASSWORD
create mlflow mlflow MLFLOW_DB_PASSWORD
