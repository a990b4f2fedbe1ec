#!/bin/sh
# usage: provenance.sh FILE
#
# Who built this, from what, how: the predicate of SLSA provenance v1 (https://slsa.dev/provenance/v1) of the build type of GitHub's
# workflows, as JSON in FILE. Every value is the forge's word about this run, given to a job that runs no code of the service.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 1 1 "$@"

# Each can stand in JSON as it is. BUILDER_REF and BUILDER_SHA are the workflow of governance that this job is in, and its commit.
for each in GITHUB_SERVER_URL GITHUB_REPOSITORY GITHUB_REF GITHUB_SHA GITHUB_EVENT_NAME GITHUB_REPOSITORY_ID GITHUB_REPOSITORY_OWNER_ID \
  GITHUB_RUN_ID GITHUB_RUN_ATTEMPT GITHUB_WORKFLOW_REF BUILDER_REF BUILDER_SHA; do
  value=$(variable "$each")
  matches "$value" '[A-Za-z0-9 ._:/@+-]+' || die "$each holds '$value'" "Provenance names repositories, references and commits only."
done
revision "$GITHUB_SHA"
revision "$BUILDER_SHA"
path=${GITHUB_WORKFLOW_REF#"$GITHUB_REPOSITORY"/}
path=${path%@*}

cat >"$1" <<JSON
{
  "buildDefinition": {
    "buildType": "https://actions.github.io/buildtypes/workflow/v1",
    "externalParameters": {
      "workflow": {"ref": "$GITHUB_REF", "repository": "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY", "path": "$path"}
    },
    "internalParameters": {
      "github": {"event_name": "$GITHUB_EVENT_NAME", "repository_id": "$GITHUB_REPOSITORY_ID", "repository_owner_id": "$GITHUB_REPOSITORY_OWNER_ID", "runner_environment": "self-hosted"}
    },
    "resolvedDependencies": [
      {"uri": "git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY@$GITHUB_REF", "digest": {"gitCommit": "$GITHUB_SHA"}},
      {"uri": "git+$GITHUB_SERVER_URL/${BUILDER_REF%%/.github/*}", "digest": {"gitCommit": "$BUILDER_SHA"}}
    ]
  },
  "runDetails": {
    "builder": {"id": "$GITHUB_SERVER_URL/$BUILDER_REF"},
    "metadata": {"invocationId": "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/attempts/$GITHUB_RUN_ATTEMPT"}
  }
}
JSON
