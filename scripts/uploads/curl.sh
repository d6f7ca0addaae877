#!/bin/sh
# Uploads files with curl's own form. Usage: curl.sh URL TOKEN FILE...
set -eu
url=$1 token=$2
shift 2
for file; do
  # Quoted, because a name may contain curl's special characters.
  quoted=$(printf '%s' "$file" | sed 's/["\\]/\\&/g')
  response=$(curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' \
    --header "Authorization: Bearer $token" --form "file=@\"$quoted\"" "$url")
  printf '%s %s\n' "${response##*
}" "${response%
*}"
done
