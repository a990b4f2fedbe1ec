#!/bin/sh
# usage: registry-login.sh
#
# Logs in to the registry with the job's own identity: no password is kept anywhere. The registry lets this workflow, on the main branch
# of OWNER/NAME, push to OWNER/NAME, charts/NAME and cache/OWNER/NAME, and nobody else.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 0 0 "$@"
need oras
token=$(id_token "$REGISTRY")
printf '%s' "$token" | oras login --username oidc --password-stdin "$REGISTRY"
