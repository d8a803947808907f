#!/bin/sh
# run_client.sh FOLDER NAME: runs one client; it prints the caller's ARN. FOLDER is that of setup.sh, in cargo's target folder.
# The environment is the caller's (AWS_PROFILE, AWS_CONFIG_FILE, AWS_ENDPOINT_URL_STS, …).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=$1/$2
[ "$2" = rust ] || [ -f "$dir/stamp" ] || { echo "$2 is not set up in $1" >&2; exit 2; }

# Go and Java want a region even for a fixed endpoint; boto3 and the first CLI do not read AWS_REGION.
: "${AWS_REGION:=us-east-1}"
: "${AWS_DEFAULT_REGION:=$AWS_REGION}"
export AWS_REGION AWS_DEFAULT_REGION
# Without credentials a client should fail, not look for an instance.
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER="" PYTHONWARNINGS=ignore NODE_NO_WARNINGS=1

case $2 in
python) exec "$dir/venv/bin/python" "$here/clients/python/main.py" ;;
cli_v1) exec "$dir/venv/bin/aws" sts get-caller-identity --query Arn --output text ;;
cli_v2) exec "$dir/venv/bin/python" -m awscli sts get-caller-identity --query Arn --output text ;;
js)
    node=$dir/node_modules/.bin/node
    [ -x "$node" ] || node=node
    exec "$node" "$dir/main.js"
    ;;
go) exec "$dir/identity" ;;
java) exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$dir:$dir/lib/*" Identity ;;
rust) exec "$1/../debug/identity" ;;
*)
    echo "unknown client: $2" >&2
    exit 2
    ;;
esac
