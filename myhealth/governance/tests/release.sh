# shellcheck shell=sh disable=SC2154,SC2016 # `scripts` and `said` are run.sh's; what is in single quotes is for a stub
# scripts/release.sh and promote.sh, on real repositories: a bare remote for config, and one for the service's history.

one=1111111111111111111111111111111111111111
old=0371fc2bf065901c366c2a7b086f59f8f2fb3c34
digest_old=sha256:b2250c704a50dd2cc1576148331e9e061ff20a8b790c75d0a377ec8a9bf8306b
digest_new=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

# A config repository with a service in staging and production; `remote` is where it is pushed to.
config() {
  git init -q -b main seed
  for place in staging production; do
    mkdir -p "seed/envs/$place/appointments"
    cat >"seed/envs/$place/appointments/values.yaml" <<YAML
# appointments in $place
release:
  version: 1.4.0
  repository: https://git.myhealth.example/scheduling/appointments.git
  revision: "$old"
service:
  image:
    digest: $digest_old # signed
YAML
  done
  git -C seed add -A
  git -C seed commit -qm 'config: first'
  git clone -q --bare seed remote
  export CONFIG_URL="file://$PWD/remote" RELEASE_PAUSE=0 GITHUB_ACTOR=a-developer GITHUB_REPOSITORY=scheduling/appointments
}

main() { git -C remote "$@"; }
head_of() { git -C remote rev-parse "refs/heads/$1"; }
release() { "$scripts/release.sh" "${environment-staging}" appointments "${version-1.4.57}" "${revision-$one}" "${digest-$digest_new}" "$@"; }
promote() { "$scripts/promote.sh" appointments; }

test_one_commit_moves_image_and_chart_together() {
  config
  before=$(head_of main)
  equal "$(release)" changed=true
  equal "$(main rev-list --count "$before..main")" 1
  equal "$(main diff --numstat "$before" main)" "3	3	envs/staging/appointments/values.yaml"
  equal "$(main log -1 --format='%an, by %cn: %s' main)" 'a-developer, by service-ci: appointments: 1.4.57 to staging'
  holds "$(main log -1 --format=%b main)" "Image: $digest_new
Revision: $one"
  equal "$(main show main:envs/staging/appointments/values.yaml)" "# appointments in staging
release:
  version: 1.4.57
  repository: https://git.myhealth.example/scheduling/appointments.git
  revision: \"$one\"
service:
  image:
    digest: $digest_new # signed"
}

test_the_same_release_again_is_no_commit() {
  config
  release >/dev/null
  before=$(head_of main)
  holds "$(release)" 'runs appointments 1.4.57 already'
  holds "$(release)" changed=false
  equal "$(head_of main)" "$before"
}

test_what_is_no_digest_commit_or_name_is_refused() {
  config
  before=$(head_of main)
  for digest in latest sha256:abc "sha512:${digest_new#sha256:}" "$digest_new$digest_new" "$digest_new
x" ''; do
    refused 'is not a digest' release
  done
  digest=$digest_new
  for revision in main abc "${one}0" 111111111111111111111111111111111111111G; do
    refused 'is not a commit' release
  done
  revision=$one
  for version in latest 1.4 v1.4.0 '1.4.0 '; do
    refused 'is not a version' release
  done
  version=1.4.57
  (environment=../staging && refused 'is not a name' release)
  (environment=production && refused 'another owner approves' release)
  (environment=production-us && refused 'another owner approves' release)
  (environment=nowhere && refused 'there is no file' release)
  equal "$(head_of main)" "$before"
}

test_another_teams_repository_of_the_same_name_is_refused() {
  config
  stub cosign
  before=$(head_of main)
  for GITHUB_REPOSITORY in clinical/appointments scheduling/other appointments evil/scheduling/appointments; do
    refused "not of $GITHUB_REPOSITORY" release
    refused "not of $GITHUB_REPOSITORY" promote
  done
  unset GITHUB_REPOSITORY
  refused 'GITHUB_REPOSITORY is not set' release
  equal "$(head_of main)" "$before"
}

# racing TIMES: a git that, before each of the first TIMES pushes, lets somebody else push.
racing() {
  real=$(command -v git)
  git clone -q remote other
  printf '%s' "$1" >left
  stub git "
case \" \$* \" in
  *' push '*)
    left=\$(cat '$PWD/left')
    if [ \"\$left\" -gt 0 ]; then
      printf '%s' \$((left - 1)) >'$PWD/left'
      (cd '$PWD/other' && echo \"\$left\" >>README.md && '$real' add -A && '$real' commit -qm \"other: \$left\" && '$real' push -q origin main) || exit 99
    fi ;;
esac
exec '$real' \"\$@\""
}

test_a_race_that_is_lost_is_run_again() {
  config
  before=$(head_of main)
  racing 2
  holds "$(release)" changed=true
  equal "$(main log --format=%s "$before..main")" 'appointments: 1.4.57 to staging
other: 1
other: 2'
  equal "$(main diff --numstat main^ main)" "3	3	envs/staging/appointments/values.yaml"
  equal "$(main rev-list --merges --count main)" 0
}

test_a_race_that_the_same_release_won_is_no_commit() {
  config
  racing 0
  git clone -q remote winner
  "$scripts/values.sh" set winner/envs/staging/appointments/values.yaml release.version=1.4.57 "release.revision=$one" "service.image.digest=$digest_new"
  git -C winner commit -qam 'appointments: 1.4.57 to staging'
  stub git "
case \" \$* \" in *' push '*) '$real' -C '$PWD/winner' push -q origin main ;; esac
exec '$real' \"\$@\""
  holds "$(release)" changed=false
  equal "$(main rev-list --count main)" 2
}

test_a_race_without_end_is_told() {
  config
  racing 99
  export RELEASE_ATTEMPTS=3
  refused 'others pushed to main 3 times' release
  lacks "$(main log --format=%s main)" 1.4.57
}

test_a_push_that_is_refused_is_not_tried_again() {
  config
  printf '#!/bin/sh\necho "protected: not by you" >&2\nexit 1\n' >remote/hooks/pre-receive
  chmod +x remote/hooks/pre-receive
  racing 0
  refused 'the commit to main was refused' release
  holds "$said" 'protected: not by you'
  equal "$(grep -c ' push ' calls)" 1
}

test_a_late_run_never_moves_back() {
  config
  git init -q -b main service
  for n in 1 2 3; do git -C service commit -q --allow-empty -m "$n"; done
  first=$(git -C service rev-parse HEAD~2) second=$(git -C service rev-parse HEAD~1) third=$(git -C service rev-parse HEAD)
  revision=$second && release service >/dev/null
  before=$(head_of main)
  revision=$first version=1.4.56 digest=$digest_old
  holds "$(release service)" 'which is later than'
  equal "$(head_of main)" "$before"
  # What runs may be unknown to this history (a branch that is gone): then the release goes on.
  git clone -q remote other
  "$scripts/values.sh" set other/envs/staging/appointments/values.yaml "release.revision=$one"
  git -C other commit -qam 'other: a branch that is gone'
  git -C other push -q origin main
  revision=$third version=1.4.58
  holds "$(release service)" changed=true
}

test_the_token_reaches_its_host_only_and_no_argument() {
  config
  printf 'secret-token' >token
  real=$(command -v git)
  stub git "env | grep '^GIT_CONFIG_[KV]' >>'$PWD/environment'
exec '$real' \"\$@\""
  export CONFIG_TOKEN_FILE="$PWD/token"
  release >/dev/null
  lacks "$(calls)" secret-token
  holds "$(cat environment)" 'GIT_CONFIG_VALUE_0=Authorization: Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0LXRva2Vu'
  holds "$(cat environment)" "GIT_CONFIG_KEY_0=http.file://"
}

test_production_is_proposed_on_a_branch() {
  config
  stub cosign
  release >/dev/null
  before=$(head_of main)
  holds "$(promote)" changed=true
  equal "$(head_of main)" "$before"
  branch=promote/appointments/production/1.4.57
  equal "$(main diff --numstat main "$branch")" "3	3	envs/production/appointments/values.yaml"
  equal "$(main log -1 --format='%an, by %cn: %s' "$branch")" 'a-developer, by service-ci: appointments: 1.4.57 to production'
  image=registry.myhealth.example/scheduling/appointments@$digest_new
  identity='--certificate-oidc-issuer https://git.myhealth.example/_services/token --certificate-identity-regexp ^https://git\.myhealth\.example/platform/governance/\.github/workflows/service-ci\.yaml@[0-9a-f]{40}$'
  equal "$(calls)" "cosign initialize --mirror https://tuf.myhealth.example --root /etc/sigstore/root.json
cosign verify $identity $image
cosign verify-attestation --type slsaprovenance1 $identity $image
cosign verify-attestation --type cyclonedx $identity $image"
}

test_a_proposal_is_made_once() {
  config
  stub cosign
  release >/dev/null
  promote >/dev/null
  branch=promote/appointments/production/1.4.57
  before=$(head_of "$branch")
  holds "$(promote)" 'is there already'
  equal "$(head_of "$branch")" "$before"
  # Config went on: the proposal is made anew on what is there.
  git clone -q remote other
  git -C other commit -q --allow-empty -m 'other: goes on'
  git -C other push -q origin main
  promote >/dev/null
  equal "$(git -C remote rev-parse "$branch^")" "$(head_of main)"
}

test_what_production_runs_already_is_not_proposed() {
  config
  stub cosign
  holds "$(promote)" 'runs appointments 1.4.0 already'
  equal "$(main for-each-ref --format='%(refname)')" refs/heads/main
}

test_what_is_not_signed_is_not_proposed() {
  config
  release >/dev/null
  stub cosign 'case $1 in verify) exit 1 ;; esac'
  refused 'no signature by' promote
  stub cosign 'case "$*" in *slsaprovenance1*) exit 1 ;; esac'
  refused 'no provenance by' promote
  equal "$(main for-each-ref --format='%(refname)')" refs/heads/main
}

test_a_change_is_opened_with_the_token_unseen() {
  config
  release >/dev/null
  stub cosign
  stub curl "cat >>'$PWD/read'
case \"\$*\" in *--data*) echo '{\"id\":1,\"html_url\":\"https://git.myhealth.example/platform/config/pull/7\"}' ;; *) echo '[]' ;; esac"
  printf 'secret-token' >token
  export CONFIG_TOKEN_FILE="$PWD/token" GITHUB_API_URL=https://git.myhealth.example/api/v3
  holds "$(promote)" change=https://git.myhealth.example/platform/config/pull/7
  lacks "$(calls)" secret-token
  holds "$(cat read)" 'header = "Authorization: Bearer secret-token"'
  holds "$(calls)" 'https://git.myhealth.example/api/v3/repos/platform/config/pulls?state=open&head=platform:promote/appointments/production/1.4.57'
  holds "$(calls)" '"head":"promote/appointments/production/1.4.57","base":"main"'
  # One that is open is found.
  stub curl "cat >/dev/null; echo '[{\"html_url\":\"https://git.myhealth.example/platform/config/pull/7\"}]'"
  forget
  holds "$(promote)" change=https://git.myhealth.example/platform/config/pull/7
  lacks "$(calls)" --data
}
