#!/bin/sh
# Stands in for the entry point of the official image: makes the database on the first start, with the
# user, passwords and name that its variables give, and runs the server.
set -eu

data=/var/lib/mysql
if [ ! -d "$data/mysql" ]; then
    mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal >/dev/null
    # On its standard input only, as the official image does: nobody connects to half a database.
    mariadbd --no-defaults --datadir="$data" --bootstrap <<SQL
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '$MARIADB_ROOT_PASSWORD';
CREATE DATABASE \`$MARIADB_DATABASE\`;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';
SQL
fi
exec mariadbd --no-defaults --datadir="$data" --bind-address=0.0.0.0 --socket=/run/mysqld/mysqld.sock
