#!/bin/sh
# Makes the databases' passwords, each a file in secrets/ beside the compose file; those there are stay.
# The folder is its owner's alone. The files can be read inside the containers, whose users are others.
set -eu

folder="$(dirname "$0")/../secrets"
mkdir -p "$folder"
chmod 0700 "$folder"
for name in temporal register key-store api; do
    file="$folder/$name-db-password"
    if [ ! -s "$file" ]; then
        od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$file.new"
        chmod 0444 "$file.new"
        mv "$file.new" "$file"
        echo "made secrets/$name-db-password"
    fi
done
