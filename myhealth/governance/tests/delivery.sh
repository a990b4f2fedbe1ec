# shellcheck shell=sh disable=SC2154,SC2016 # `scripts` and `said` are run.sh's; what is in single quotes is for a stub
# The scripts around the tools: what they are called with, what they refuse, and that no token is ever an argument.

digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
other=sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210

# What a runner tells a job.
runner() {
  mkdir -p temp
  export GITHUB_REPOSITORY=scheduling/appointments GITHUB_SERVER_URL=https://git.myhealth.example GITHUB_REF=refs/heads/main
  export GITHUB_SHA=1111111111111111111111111111111111111111 GITHUB_EVENT_NAME=push GITHUB_REPOSITORY_ID=7 GITHUB_REPOSITORY_OWNER_ID=8
  export GITHUB_RUN_ID=42 GITHUB_RUN_ATTEMPT=2 GITHUB_RUN_NUMBER=57 GITHUB_WORKFLOW_REF=scheduling/appointments/.github/workflows/ci.yaml@refs/heads/main
  export BUILDER_SHA=2222222222222222222222222222222222222222
  export BUILDER_REF=platform/governance/.github/workflows/service-ci.yaml@$BUILDER_SHA
  export ACTIONS_ID_TOKEN_REQUEST_URL='https://git.myhealth.example/token?v=1' ACTIONS_ID_TOKEN_REQUEST_TOKEN=request-secret
  export RUNNER_TEMP="$PWD/temp"
}

# A forge and a broker that answer with tokens, and write down what they read.
forge() {
  stub curl "cat >>'$PWD/read'
case \"\$*\" in *sts/exchange*) echo '{\"token\": \"config-secret\"}' ;; *) echo '{\"count\":1,\"value\":\"identity-secret\"}' ;; esac"
}

test_every_script_explains_itself() {
  for script in "$scripts"/*.sh; do
    case $script in */lib.sh | */config.sh) continue ;; esac
    [ -x "$script" ] || fail "$script cannot be run"
    holds "$("$script" --help)" "usage: ${script##*/}"
    [ "$("$script" --help | wc -l)" -ge 3 ] || fail "$script does not say what it is for"
    if [ "${script##*/}" != registry-login.sh ] && "$script" >said 2>&1; then fail "$script ran without arguments"; fi
  done
}

test_settings_are_those_of_the_organisation() {
  organisation=$(cat "$scripts/../organisation.yaml")
  # shellcheck source=../scripts/settings.env
  . "$scripts/settings.env"
  holds "$organisation" "registry: $REGISTRY
"
  holds "$organisation" "issuer: $ISSUER
"
  holds "$organisation" "- $SIGNER
"
  holds "$organisation" "- ${MIRROR%@refs/heads/main}
"
  holds "$organisation" "url: $CONFIG_URL
"
  equal "$CONFIG_URL" "https://git.myhealth.example/$CONFIG_REPOSITORY.git"
  workflow=$(cat "$scripts/../.github/workflows/service-ci.yaml")
  holds "$workflow" "TRIVY_DB_REPOSITORY: $REGISTRY/"
  for signer in "$SIGNER" "${MIRROR%@refs/heads/main}"; do
    [ -f "$scripts/../${signer#*/governance/}" ] || fail "there is no $signer"
  done
}

test_steps_are_those_that_a_runner_must_know() {
  for workflow in "$scripts"/../.github/workflows/*.yaml; do
    uses=$(sed -n 's/^ *uses: //p' "$workflow" | grep -v '^\./' | sed 's/@.*//' | sort -u)
    for action in $uses; do
      case $action in
        actions/checkout | actions/upload-artifact | actions/download-artifact | aquasecurity/trivy-action) ;;
        *) fail "$workflow uses $action" ;;
      esac
    done
    # Each pin is a commit, with its version.
    equal "$(grep -E '^ *uses: [^.]' "$workflow" | grep -Evc 'uses: [a-z/-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$')" 0
    # Each command is a script that is there and can be run.
    # shellcheck disable=SC2013 # paths without spaces
    for script in $(grep -Eo 'governance/scripts/[a-z-]+\.sh' "$workflow" | sort -u); do
      [ -x "$scripts/${script##*/}" ] || fail "$workflow runs $script"
    done
    equal "$(grep -E '^ *run:' "$workflow" | grep -Evc 'run: (>-|governance/scripts/|governance/tests/run\.sh$)')" 0
  done
}

test_tools_are_the_pinned_ones() {
  stub trivy 'echo "Version: 0.72.0"'
  stub go 'echo "go version go1.26.8 linux/amd64"'
  equal "$("$scripts/tools.sh" trivy go)" 'trivy 0.72.0
go 1.26.8'
  stub trivy 'echo "Version: 0.69.4"'
  refused 'trivy is 0.69.4; scripts/tools pins 0.72.0' "$scripts/tools.sh" trivy
  refused 'does not list rm' "$scripts/tools.sh" rm
}

test_lints_and_tests_are_the_languages_own() {
  mkdir -p rust/chart go/chart neither
  touch rust/Cargo.lock go/go.mod
  printf 'name: appointments\n' | tee rust/chart/Chart.yaml >go/chart/Chart.yaml
  git init -q go
  for tool in cargo go gofmt helm; do stub "$tool"; done
  "$scripts/lint.sh" rust
  "$scripts/test.sh" rust
  equal "$(calls)" 'cargo fmt --all --check
cargo clippy --workspace --all-targets --locked -- -D warnings
helm lint --strict chart --values chart/ci/values.yaml
helm template appointments chart --values chart/ci/values.yaml
cargo test --workspace --locked --no-fail-fast'
  forget
  "$scripts/lint.sh" go
  "$scripts/test.sh" go
  equal "$(calls | grep -v gofmt)" 'go mod verify
go mod tidy -diff
go vet ./...
helm lint --strict chart --values chart/ci/values.yaml
helm template appointments chart --values chart/ci/values.yaml
go test -race -count=1 ./...'
  touch go/a.go
  git -C go add -A
  stub gofmt 'echo a.go'
  refused 'not as gofmt would have it: a.go' "$scripts/lint.sh" go
  refused 'holds neither Cargo.lock nor go.mod' "$scripts/test.sh" neither
  stub cargo 'exit 3'
  if "$scripts/test.sh" rust 2>said; then fail 'failing tests pass'; fi
}

test_builds_leave_programs_only() {
  mkdir rust go
  touch rust/Cargo.lock go/go.mod
  for language in rust go; do
    git init -q "$language"
    git -C "$language" commit -q --allow-empty -m first
  done
  stub cargo-auditable
  stub cargo 'folder=target/$(uname -m)-unknown-linux-musl/release
mkdir -p "$folder/deps" && echo "$SOURCE_DATE_EPOCH" >"$folder/appointments" && chmod 755 "$folder/appointments"
cp "$folder/appointments" "$folder/libx.so" && touch "$folder/appointments.d"'
  unset CARGO_TARGET_DIR
  "$scripts/build.sh" rust out >said
  equal "$(ls out)" appointments
  equal "$(calls)" "cargo auditable build --release --locked --workspace --target $(uname -m)-unknown-linux-musl"
  equal "$(cat out/appointments)" "$(git -C rust log -1 --format=%ct)"
  stub go
  refused 'builds no program' "$scripts/build.sh" go nothing
  holds "$(calls)" "go build -trimpath -ldflags=-s -w -buildid= -o $PWD/nothing/ ./cmd/..."
}

test_the_version_is_the_charts_with_the_runs_number() {
  runner
  mkdir -p service/chart
  printf 'apiVersion: v2\nversion: 1.4.0 # major and minor\nappVersion: 9.9.9\n' >service/chart/Chart.yaml
  equal "$("$scripts/version.sh" service)" version=1.4.57
  printf 'version: 2.0.0-rc.1\n' >service/chart/Chart.yaml
  equal "$("$scripts/version.sh" service)" version=2.0.57
  export GITHUB_RUN_NUMBER=57x
  refused 'which is no number' "$scripts/version.sh" service
}

test_the_cache_goes_round() {
  runner
  mkdir -p service home/registry/cache home/registry/src registry
  echo 'lock' >service/Cargo.lock
  echo archive >home/registry/cache/a.crate
  echo unpacked >home/registry/src/a.rs
  export CARGO_HOME="$PWD/home"
  stub oras "
case \$1 in
  pull) [ -f '$PWD/registry/cache.tar' ] && cp '$PWD/registry/cache.tar' \"\$4\" ;;
  push) cp cache.tar '$PWD/registry/' ;;
esac"
  equal "$("$scripts/cache.sh" restore service 2>said)" hit=false
  "$scripts/cache.sh" pack service downloads.tar
  "$scripts/cache.sh" save service downloads.tar
  export CARGO_HOME="$PWD/another"
  equal "$("$scripts/cache.sh" restore service)" hit=true
  # Archives, which cargo compares with the lock file, and nothing that is used as it is.
  equal "$(cd another && find . -type f)" ./registry/cache/a.crate
  key=$(sed -n 's/.*:rust-\([0-9a-f]*\) .*/\1/p' calls | sort -u)
  equal "${#key}" 64
  equal "$(tail -1 calls | sed "s/$key/KEY/; s|--output [^ ]*|--output WORK|")" \
    'oras pull --no-tty --output WORK registry.myhealth.example/cache/scheduling/appointments:rust-KEY'
  echo 'another lock' >service/Cargo.lock
  forget
  "$scripts/cache.sh" restore service >said
  lacks "$(calls)" "$key"
}

test_a_go_cache_is_hashed_anew() {
  runner
  mkdir -p service home/pkg/mod/cache/download
  touch service/go.mod service/go.sum
  echo zip >home/pkg/mod/cache/download/a.zip
  export GOPATH="$PWD/home"
  "$scripts/cache.sh" pack service downloads.tar
  stub oras "cp '$PWD/downloads.tar' \"\$4/cache.tar\""
  stub go
  equal "$("$scripts/cache.sh" restore service)" hit=true
  holds "$(calls)" 'go mod verify'
  stub go 'exit 1'
  if "$scripts/cache.sh" restore service >said 2>&1; then fail 'a cache that is not the lock file'; fi
}

test_logins_and_tokens_are_never_arguments() {
  runner
  forge
  stub oras "cat >>'$PWD/read'"
  "$scripts/registry-login.sh"
  "$scripts/config-token.sh" stage token
  equal "$(cat token)" config-secret
  equal "$(find token -perm 600)" token
  lacks "$(calls)" secret
  equal "$(cat read)" 'header = "Authorization: bearer request-secret"
identity-secretheader = "Authorization: bearer request-secret"
header = "Authorization: bearer identity-secret"'
  holds "$(calls)" 'https://git.myhealth.example/token?v=1&audience=registry.myhealth.example'
  holds "$(calls)" 'oras login --username oidc --password-stdin registry.myhealth.example'
  holds "$(calls)" 'https://sts.myhealth.example/sts/exchange?scope=platform/config&identity=stage'
  unset ACTIONS_ID_TOKEN_REQUEST_URL
  refused 'ACTIONS_ID_TOKEN_REQUEST_URL is not set' "$scripts/registry-login.sh"
  export ACTIONS_ID_TOKEN_REQUEST_URL=x
  stub curl 'exit 22'
  refused 'id-token: write' "$scripts/registry-login.sh"
  stub curl 'echo {}'
  refused 'holds no token' "$scripts/registry-login.sh"
}

test_image_and_chart_are_pushed_and_named_by_digest() {
  runner
  mkdir image
  printf '{"manifests":[{"digest":"%s","size":1}]}' "$digest" >image/index.json
  touch chart.tgz
  stub oras
  stub helm "echo 'Pushed: registry.myhealth.example/charts/appointments:1.4.57' >&2; echo 'Digest: $other' >&2"
  holds "$("$scripts/publish.sh" image "$digest" chart.tgz 1.4.57)" "image=registry.myhealth.example/scheduling/appointments@$digest"
  holds "$("$scripts/publish.sh" image "$digest" chart.tgz 1.4.57)" "chart=registry.myhealth.example/charts/appointments@$other"
  holds "$(calls)" "oras cp --no-tty --from-oci-layout image@$digest registry.myhealth.example/scheduling/appointments:1.4.57
helm push chart.tgz oci://registry.myhealth.example/charts"
  forget
  refused 'holds another image' "$scripts/publish.sh" image "$other" chart.tgz 1.4.57
  refused 'is not a digest' "$scripts/publish.sh" image latest chart.tgz 1.4.57
  equal "$(calls)" ''
  stub helm 'echo "Digest: none"'
  refused 'is not a digest' "$scripts/publish.sh" image "$digest" chart.tgz 1.4.57
}

test_the_chart_is_the_committed_one() {
  mkdir -p service/chart
  echo committed >service/chart/Chart.yaml
  git init -q service
  git -C service add -A
  GIT_COMMITTER_DATE='1767225600 +0000' git -C service commit -qm first
  echo changed >service/chart/Chart.yaml
  stub helm 'cp "$2/Chart.yaml" "$8/appointments-1.4.57.tgz"
find "$2/Chart.yaml" -newermt 2026-01-01T00:00:01Z'
  equal "$("$scripts/chart.sh" service 1.4.57 out/chart.tgz)" ''
  equal "$(cat out/chart.tgz)" committed
  equal "$(sed 's/ [^ ]*karat[^ ]*/ WORK/g' calls)" 'helm package WORK --version 1.4.57 --app-version 1.4.57 --destination WORK'
  refused 'is not a version' "$scripts/chart.sh" service latest out/chart.tgz
}

test_a_registry_on_this_machine_needs_no_tls() {
  runner
  export REGISTRY=localhost:5000
  mkdir image
  printf '{"manifests":[{"digest":"%s","size":1}]}' "$digest" >image/index.json
  touch chart.tgz
  stub oras
  stub helm "echo 'Digest: $other'"
  "$scripts/publish.sh" image "$digest" chart.tgz 1.4.57 >said
  holds "$(calls)" 'helm push --plain-http chart.tgz oci://localhost:5000/charts'
}

test_images_are_taken_in_once_and_signed() {
  printf '# others\nquay.io/a/one:v1@%s\n\nghcr.io/b/two@%s\n' "$digest" "$other" >images
  : >signed
  stub cosign "
case \$1 in
  verify) grep -qx \"\$6\" '$PWD/signed' ;;
  sign) echo \"\$3\" >>'$PWD/signed' ;;
esac"
  stub oras 'case "$*" in *ghcr.io*) exit 1 ;; esac'
  refused '1 of the images of images were not taken in' "$scripts/mirror.sh" images
  stub oras
  forget
  "$scripts/mirror.sh" images >said
  identity='--certificate-oidc-issuer https://git.myhealth.example/_services/token --certificate-identity https://git.myhealth.example/platform/governance/.github/workflows/mirror.yaml@refs/heads/main'
  equal "$(calls)" "cosign initialize --mirror https://tuf.myhealth.example --root /etc/sigstore/root.json
cosign verify $identity registry.myhealth.example/quay.io/a/one@$digest
cosign verify $identity registry.myhealth.example/ghcr.io/b/two@$other
oras cp --no-tty --recursive ghcr.io/b/two@$other registry.myhealth.example/ghcr.io/b/two@$other
cosign sign --yes registry.myhealth.example/ghcr.io/b/two@$other"
  forget
  for line in quay.io/a/one:v1 "one@$digest" "quay.io/a/one@$digest x" "quay.io/A@$digest" "quay.io/a@sha256:abc"; do
    echo "$line" >>images
    refused "lists '$line'" "$scripts/mirror.sh" images
    sed -i.bak '$d' images
  done
  equal "$(calls)" ''
  echo '# none' >images
  refused 'lists no image' "$scripts/mirror.sh" images
}

test_the_mirrors_own_list_is_one() {
  stub cosign
  stub oras
  equal "$("$scripts/mirror.sh" "$scripts/../mirror/images")" ''
}

test_provenance_says_who_built_what() {
  runner
  "$scripts/provenance.sh" provenance.json
  equal "$(cat provenance.json)" '{
  "buildDefinition": {
    "buildType": "https://actions.github.io/buildtypes/workflow/v1",
    "externalParameters": {
      "workflow": {"ref": "refs/heads/main", "repository": "https://git.myhealth.example/scheduling/appointments", "path": ".github/workflows/ci.yaml"}
    },
    "internalParameters": {
      "github": {"event_name": "push", "repository_id": "7", "repository_owner_id": "8", "runner_environment": "self-hosted"}
    },
    "resolvedDependencies": [
      {"uri": "git+https://git.myhealth.example/scheduling/appointments@refs/heads/main", "digest": {"gitCommit": "1111111111111111111111111111111111111111"}},
      {"uri": "git+https://git.myhealth.example/platform/governance", "digest": {"gitCommit": "2222222222222222222222222222222222222222"}}
    ]
  },
  "runDetails": {
    "builder": {"id": "https://git.myhealth.example/platform/governance/.github/workflows/service-ci.yaml@2222222222222222222222222222222222222222"},
    "metadata": {"invocationId": "https://git.myhealth.example/scheduling/appointments/actions/runs/42/attempts/2"}
  }
}'
  export GITHUB_REF='refs/heads/"}'
  refused 'GITHUB_REF holds' "$scripts/provenance.sh" provenance.json
  unset GITHUB_REF
  refused 'GITHUB_REF is not set' "$scripts/provenance.sh" provenance.json
}

test_everything_is_signed_by_digest() {
  echo '{}' >sbom.json
  echo '{}' >provenance.json
  stub cosign
  image=registry.myhealth.example/scheduling/appointments chart=registry.myhealth.example/charts/appointments
  "$scripts/sign.sh" "$image@$digest" "$chart@$other" sbom.json provenance.json
  equal "$(calls)" "cosign initialize --mirror https://tuf.myhealth.example --root /etc/sigstore/root.json
cosign sign --yes $image@$digest
cosign attest --yes --type slsaprovenance1 --predicate provenance.json $image@$digest
cosign sign --yes $chart@$other
cosign attest --yes --type slsaprovenance1 --predicate provenance.json $chart@$other
cosign attest --yes --type cyclonedx --predicate sbom.json $image@$digest"
  forget
  refused 'is not a digest' "$scripts/sign.sh" "$image:1.4.57" "$chart@$other" sbom.json provenance.json
  refused 'there is no sbom' "$scripts/sign.sh" "$image@$digest" "$chart@$other" sbom provenance.json
  equal "$(calls)" ''
}

test_the_bill_of_materials_is_cyclonedx() {
  stub trivy 'while [ "$1" != --output ]; do shift; done; echo "{\"bomFormat\": \"CycloneDX\"}" >"$2"'
  "$scripts/sbom.sh" image sbom.json
  equal "$(calls)" 'trivy image --input image --format cyclonedx --output sbom.json --skip-version-check --quiet'
  stub trivy 'while [ "$1" != --output ]; do shift; done; echo "{}" >"$2"'
  refused 'no CycloneDX' "$scripts/sbom.sh" image sbom.json
}

test_documentation_is_built_strictly() {
  mkdir source
  stub mkdocs
  refused 'there is no source/mkdocs.yml' "$scripts/docs.sh" source site
  touch source/mkdocs.yml
  "$scripts/docs.sh" source site
  equal "$(calls)" "mkdocs build --strict --config-file source/mkdocs.yml --site-dir $PWD/site"
}

test_a_runner_shows_errors_beside_their_step() {
  runner
  export GITHUB_ACTIONS=true
  refused '::error title=verify.sh::' "$scripts/verify.sh" registry.myhealth.example/a:tag
}
