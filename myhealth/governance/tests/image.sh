# shellcheck shell=sh disable=SC2154,SC2016 # `scripts` and `said` are run.sh's; what is in single quotes is for a stub
# scripts/image.sh: the same files give the same digest, the layout is whole, and a Dockerfile that asks for more is refused.

# A service of one commit, with what the Dockerfile's last stage holds from the standard input.
service_with() {
  mkdir -p service out
  {
    printf 'FROM registry.myhealth.example/platform/runner@sha256:aaa AS build\nRUN make \\\n  # of all\n  everything\n'
    cat
  } >service/Dockerfile
  git init -q -b main service
  git -C service add -A
  GIT_COMMITTER_DATE='1767225600 +0000' git -C service commit -qm first
  printf '\177ELF program' >out/appointments
  chmod 750 out/appointments
  printf 'roots' >roots.crt
}

good() {
  cat <<'DOCKERFILE'
FROM scratch
# What is in it.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/appointments /app/appointments
ENV HOST=0.0.0.0
LABEL org.opencontainers.image.title="Appointments \"all\""
EXPOSE 8080
USER 65532:65532
ENTRYPOINT ["/app/appointments"]
CMD ["serve"]
DOCKERFILE
}

image() { CERTIFICATES=$PWD/roots.crt ARCHITECTURE=amd64 "$scripts/image.sh" service out "${1:-layout}"; }

# blob LAYOUT DIGEST
blob() { cat "$1/blobs/sha256/${2#sha256:}"; }

test_the_same_files_give_the_same_digest() {
  good | grep -v LABEL | service_with
  first=$(image one)
  touch -d '2001-01-01' out/appointments
  chmod 755 out/appointments
  equal "$(image two)" "$first"
  printf 'another' >>out/appointments
  if [ "$(image three)" = "$first" ]; then fail 'another program, the same digest'; fi
}

test_the_layout_is_whole() {
  good | grep -v LABEL | service_with
  digest=$(image)
  digest=${digest#digest=}
  equal "$(cat layout/oci-layout)" '{"imageLayoutVersion":"1.0.0"}'
  holds "$(cat layout/index.json)" "\"digest\":\"$digest\",\"size\":$(blob layout "$digest" | wc -c | tr -d ' ')"
  for file in layout/blobs/sha256/*; do
    equal "$(sha256sum <"$file" | cut -c1-64)" "${file##*/}"
  done
  manifest=$(blob layout "$digest")
  config=$(printf '%s' "$manifest" | sed 's/.*config.v1+json","digest":"\([^"]*\)".*/\1/')
  layer=$(printf '%s' "$manifest" | sed 's/.*tar+gzip","digest":"\([^"]*\)".*/\1/')
  equal "$(blob layout "$config")" "{\"created\":\"2026-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":\"65532:65532\",\"ExposedPorts\":{\"8080/tcp\":{}},\"Env\":[\"HOST=0.0.0.0\"],\"Entrypoint\":[\"/app/appointments\"],\"Cmd\":[\"serve\"],\"Labels\":{\"org.opencontainers.image.created\":\"2026-01-01T00:00:00Z\",\"org.opencontainers.image.revision\":\"$(git -C service rev-parse HEAD)\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$(blob layout "$layer" | gzip -dc | sha256sum | cut -c1-64)\"]},\"history\":[{\"created\":\"2026-01-01T00:00:00Z\",\"created_by\":\"Dockerfile\"}]}"
  equal "$(blob layout "$layer" | gzip -dc | TZ=UTC tar -tv --numeric-owner -f - | tr -s ' ')" 'drwxr-xr-x 0/0 0 2026-01-01 00:00 app/
-r-xr-xr-x 0/0 12 2026-01-01 00:00 app/appointments
drwxr-xr-x 0/0 0 2026-01-01 00:00 etc/
drwxr-xr-x 0/0 0 2026-01-01 00:00 etc/ssl/
drwxr-xr-x 0/0 0 2026-01-01 00:00 etc/ssl/certs/
-r--r--r-- 0/0 5 2026-01-01 00:00 etc/ssl/certs/ca-certificates.crt'
}

test_the_repository_is_a_label() {
  good | grep -v LABEL | service_with
  export GITHUB_REPOSITORY=scheduling/appointments GITHUB_OUTPUT="$PWD/outputs"
  image
  holds "$(cat outputs)" digest=sha256:
  holds "$(cat layout/blobs/sha256/*)" '"org.opencontainers.image.source":"https://git.myhealth.example/scheduling/appointments"'
}

test_only_the_last_stage_counts() {
  { printf 'FROM other AS second\nUSER root\nVOLUME /data\n' && good | grep -v LABEL; } | service_with
  holds "$(image)" digest=sha256:
  lacks "$(cat layout/blobs/sha256/*)" '"User":"root"'
}

test_what_needs_a_daemon_is_refused_with_its_line() {
  good | service_with
  # Each: a line that is changed or added, and what is said of it. The tenth line is the LABEL with escapes.
  refused 'service/Dockerfile:10: LABEL takes one KEY=VALUE' image
  while IFS='|' read -r match replacement why; do
    good | grep -v LABEL | sed "s~^$match.*~$replacement~" >last
    { printf 'FROM a AS build\n' && cat last; } >service/Dockerfile
    rm -rf layout
    refused "$why" image
    holds "$said" 'service/Dockerfile'
    [ ! -e layout/index.json ] || fail "a layout was made: $replacement"
  done <<'CASES'
ENV|RUN id|:6: RUN is not for an image from scratch
ENV|VOLUME /data|VOLUME is not for an image
ENV|ADD a /|ADD is not for an image
ENV|ENV A=$HOME|ENV takes one KEY=VALUE
ENV|ENV A b|ENV takes one KEY=VALUE
USER|USER root|USER is a number other than 0
USER|USER 0|USER is a number other than 0
USER|USER 65532:0|USER is a number other than 0
USER|# nobody|names no USER
ENTRYPOINT|ENTRYPOINT /appointments|ENTRYPOINT is written as a JSON array
ENTRYPOINT|ENTRYPOINT ["/a", b]|ENTRYPOINT is written as a JSON array
ENTRYPOINT|# none|has no ENTRYPOINT
EXPOSE|EXPOSE $PORT|EXPOSE takes one port
COPY --from=build /out|COPY . /|COPY takes its files --from a build stage
COPY --from=build /out|COPY --from=build --chown=1 /out /|belong to root
COPY --from=build /out|COPY --from=build /out/../etc/passwd /|by its whole path
COPY --from=build /out|COPY --from=build /out /../x|destination is a whole path
COPY --from=build /out|COPY --from=build /out/* /|by its whole path
COPY --from=build /out|COPY --from=build /etc/passwd /etc/passwd|copies /etc/passwd
COPY --from=build /out|COPY --from=build /outside /|copies /outside
COPY --from=build /out|COPY --from=build /out/none /none|there is no out/none
FROM scratch|FROM alpine|the last stage is FROM scratch
CASES
  printf 'FROM scratch\nUSER 1\nENTRYPOINT ["/a"]\n' >service/Dockerfile
  rm -rf layout
  refused 'there is a build stage' image
}

test_a_file_or_a_folder_may_be_copied() {
  good | grep -v LABEL | sed '/certificates/d; s|^COPY.*|COPY --from=build /out/appointments /bin/\nCOPY --from=build /out/ /opt|' | service_with
  image >said
  for file in layout/blobs/sha256/*; do gzip -dc "$file" 2>/dev/null | tar -t 2>/dev/null || true; done >names
  equal "$(grep -v '/$' names)" 'bin/appointments
opt/appointments'
}

test_links_have_no_place_in_an_image() {
  good | grep -v LABEL | service_with
  ln -s /etc/passwd out/link
  refused 'holds links or devices' image
}

test_the_examples_are_images() {
  for example in "$scripts"/../examples/Dockerfile.*; do
    rm -rf service out layout
    printf '' | service_with
    cp "$example" service/Dockerfile
    cp out/appointments out/records
    holds "$(image)" digest=sha256:
  done
}
