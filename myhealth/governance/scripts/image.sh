#!/bin/sh
# usage: image.sh DIR OUT LAYOUT
#
# Puts an image together as files, an OCI layout in the folder LAYOUT, and says its digest. There is no daemon, no root and no user
# namespace where jobs run, and an image from scratch needs none: it is one layer of a few files and a configuration.
#
# Both come from the last stage of DIR/Dockerfile, which is FROM scratch. Its build stage leaves the programs in /out; here build.sh left
# them in the folder OUT, so `COPY --from=STAGE /out/PROGRAM /app/` takes one of them. The only other file that may be copied is
# /etc/ssl/certs/ca-certificates.crt, the runner's. `docker build` gives an image of the same shape on a developer's machine. The same
# files give the same digest.

scripts=$(dirname "$0")
# shellcheck source=lib.sh
. "$scripts/lib.sh"
arguments 3 3 "$@"
need awk git gzip tar
dir=$1 out=$2 layout=$3
[ -f "$dir/Dockerfile" ] || die "there is no $dir/Dockerfile" "The golden path of the service has one."
[ ! -e "$layout" ] || die "$layout is there already" "An image is put together in a new folder."
[ -d "$out" ] || die "there is no folder $out" "build.sh makes it."
[ -z "$(find "$out" ! -type d ! -type f)" ] || die "$out holds links or devices" "An image from scratch holds files only."
temporary

epoch=$(git -C "$dir" log -1 --format=%ct)
created=$(TZ=UTC git -C "$dir" log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)
case ${ARCHITECTURE:-$(uname -m)} in
  x86_64 | amd64) architecture=amd64 ;;
  aarch64 | arm64) architecture=arm64 ;;
  *) die "no image is made for $(uname -m)" "Nodes are amd64 or arm64." ;;
esac
labels="org.opencontainers.image.created=$created
org.opencontainers.image.revision=$(git -C "$dir" rev-parse HEAD)"
if [ -n "${GITHUB_REPOSITORY:-}" ]; then
  labels="$labels
org.opencontainers.image.source=${GITHUB_SERVER_URL:-https://git.myhealth.example}/$GITHUB_REPOSITORY"
fi

# The last stage as two files: what to copy (source, destination), and the configuration as JSON.
labels=$labels awk -v copies="$work/copies" -v config="$work/config" -f "$scripts/dockerfile.awk" "$dir/Dockerfile" ||
  die "$dir/Dockerfile cannot be put together without Docker" "docs/reference/dockerfile.md says what its last stage may hold."

mkdir -p "$work/root" "$layout/blobs/sha256"
tab=$(printf '\t')
while IFS=$tab read -r source target; do
  case $source in
    /out | /out/*) from=$out${source#/out} ;;
    /etc/ssl/certs/ca-certificates.crt) from=${CERTIFICATES:-$source} ;;
    *) die "$dir/Dockerfile copies $source" "Its build stage leaves programs in /out; the only other file is /etc/ssl/certs/ca-certificates.crt." ;;
  esac
  if [ -d "$from" ]; then
    # As Docker does: what is in the folder, not the folder.
    mkdir -p "$work/root$target"
    cp -R "$from/." "$work/root$target"
  elif [ -f "$from" ]; then
    case $target in */) target=$target${source##*/} ;; esac
    mkdir -p "$work/root${target%/*}"
    cp "$from" "$work/root$target"
  else
    die "$dir/Dockerfile copies $source, but there is no $from" "Does build.sh make it?"
  fi
done <"$work/copies"
# Who may run a file is kept; that nobody may write one is new.
find "$work/root" -type d -exec chmod 0755 {} +
find "$work/root" -type f -perm -100 -exec chmod 0555 {} +
find "$work/root" -type f ! -perm -100 -exec chmod 0444 {} +

# The bytes of a layer depend on nothing but names, modes, contents and the commit's time.
(cd "$work/root" && find . -mindepth 1 | sed 's|^\./||' | sort) >"$work/names"
tar --create --file "$work/layer.tar" --directory "$work/root" --format=ustar --no-recursion --files-from "$work/names" \
  --mtime "@$epoch" --owner 0 --group 0 --numeric-owner
diff=$(sha256 "$work/layer.tar")
gzip -n -9 <"$work/layer.tar" >"$work/layer"

# blob FILE: moves it among the blobs and says its descriptor without the media type.
blob() {
  digest=$(sha256 "$1")
  size=$(wc -c <"$1" | tr -d ' ')
  mv "$1" "$layout/blobs/sha256/$digest"
  printf '"digest":"sha256:%s","size":%s' "$digest" "$size"
}
type=application/vnd.oci.image
layer=$(blob "$work/layer")
printf '{"created":"%s","architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"%s","created_by":"Dockerfile"}]}' \
  "$created" "$architecture" "$(cat "$work/config")" "$diff" "$created" >"$work/image"
image=$(blob "$work/image")
printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar+gzip",%s}]}' \
  $type $type "$image" $type "$layer" >"$work/manifest"
manifest=$(blob "$work/manifest")
printf '{"schemaVersion":2,"mediaType":"%s.index.v1+json","manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}\n' \
  $type $type "$manifest" >"$layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}\n' >"$layout/oci-layout"
output digest "$(printf '%s' "$manifest" | sed 's/"digest":"\([^"]*\)".*/\1/')"
