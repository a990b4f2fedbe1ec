# shellcheck shell=sh disable=SC2154,SC2016 # `scripts` and `said` are run.sh's; what is in single quotes is for a stub
# scripts/values.sh: one line changes, and nothing else of the file.

sample() {
  cat <<'YAML'
# appointments in staging.
release:
  version: 1.4.0
  team: scheduling   # who is asked
  revision: "0371fc2bf065901c366c2a7b086f59f8f2fb3c34" # of the chart

service:
  image: # what was signed

    # by digest
    digest: sha256:b2250c704a50dd2cc1576148331e9e061ff20a8b790c75d0a377ec8a9bf8306b
  note: |
    digest: not this one
    release:
      version: nor this one
  egress:
    - {name: database, cidrs: [10.20.64.0/22], port: 5432}      # the data subnets
    - digest: nor this
      version: nor that
  single: 'quoted'   
  empty:
  flow: {version: 1}
  twice: 1
  twice: 2
YAML
}

set_values() { "$scripts/values.sh" set values.yaml "$@"; }
get() { "$scripts/values.sh" get values.yaml "$1"; }

test_sets_three_lines_and_keeps_the_rest() {
  sample >values.yaml
  set_values release.version=1.4.57 release.revision=ffffffffffffffffffffffffffffffffffffffff service.image.digest=sha256:abc
  sample | sed -e 's/version: 1.4.0/version: 1.4.57/' -e 's/"0371fc2b[0-9a-f]*"/"ffffffffffffffffffffffffffffffffffffffff"/' \
    -e 's/digest: sha256:b225.*/digest: sha256:abc/' >expected.yaml
  cmp values.yaml expected.yaml
  equal "$(get service.image.digest)" sha256:abc
}

test_reads_every_style() {
  sample >values.yaml
  equal "$(get release.version)" 1.4.0
  equal "$(get release.team)" scheduling
  equal "$(get release.revision)" 0371fc2bf065901c366c2a7b086f59f8f2fb3c34
  equal "$(get service.single)" quoted
}

test_what_would_be_a_number_is_quoted() {
  printf 'a:\n  revision: abc # old\n' >values.yaml
  set_values a.revision=1234567890123456789012345678901234567890
  equal "$(cat values.yaml)" 'a:
  revision: "1234567890123456789012345678901234567890" # old'
  printf 'a:\n  revision: abc\n' >values.yaml
  set_values a.revision=12345678901234567890e3
  equal "$(get a.revision)" 12345678901234567890e3
  holds "$(cat values.yaml)" '"12345678901234567890e3"'
}

test_carriage_returns_stay() {
  printf 'a:\r\n  b: 1.0.0\r\n  c: 2\r\n' >values.yaml
  set_values a.b=1.0.1
  printf 'a:\r\n  b: 1.0.1\r\n  c: 2\r\n' | cmp - values.yaml
}

test_what_is_not_a_scalar_there_once_is_refused() {
  sample >values.yaml
  for path in release.none none release service.empty service.flow service.twice service.note service.egress service.egress.digest version; do
    refused "cannot set $path" set_values "$path=1.0.0"
  done
  sample | cmp - values.yaml
}

test_nothing_is_written_if_one_change_fails() {
  sample >values.yaml
  refused 'cannot set release.none' set_values release.version=1.5.0 release.none=1
  sample | cmp - values.yaml
}

test_values_cannot_carry_yaml() {
  sample >values.yaml
  for value in 'a b' 'a"b' "a
b: c" 'a#b' '{a}' ''; do
    if set_values "release.version=$value" 2>said; then fail "'$value' was not refused"; fi
  done
  # What awk would read as an escape is a character like any other, and not allowed.
  if set_values 'release.version=a\nb' 2>said; then fail 'an escape was not refused'; fi
  sample | cmp - values.yaml
}
