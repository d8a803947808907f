#!/usr/bin/env bash
# toolchain.sh FOLDER: makes below FOLDER a Rust compiler, clippy and the source of the standard library, which compile for systems whose
# standard library no package holds. They are Debian's `rustc-web` and its kin, unpacked and not installed. What is there is kept.
# Exit 3 where this machine's archives do not have them.
set -euo pipefail
mkdir -p "$1"
cd "$1"
folder=$PWD
"$folder/rustc" --version >/dev/null 2>&1 && exit

rm -rf debs root
mkdir debs
# The library of the compiler and of LLVM have their version in their names.
depends() {
    apt-cache depends "$1" 2>/dev/null | sed -n 's/^  Depends: //p'
}
update() {
    local sudo=()
    ((EUID)) && sudo=(sudo -n)
    "${sudo[@]}" apt-get -qq update
}
depends libstd-rust-web-dev | grep -q . || update
std=$(depends libstd-rust-web-dev | grep '^libstd-rust-web-') || exit 3
llvm=$(depends "$std" | grep '^libllvm') || exit 3
# As this user, or apt says that its own cannot write here.
download() {
    (cd debs && apt-get -qq -o APT::Sandbox::User="$(id -un)" download rust-web-src rustc-web rust-web-clippy libstd-rust-web-dev "$std" "$llvm")
}
# The lists may be of yesterday.
download || { update && download; } || exit 3
for package in debs/*.deb; do
    dpkg-deb -x "$package" root
done
rm -rf debs

for program in rustc clippy-driver cargo-clippy; do
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "'$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/usr/lib'" "'$folder/root/usr/bin/$program'" >"$program"
    chmod +x "$program"
done

# Stands in for a C compiler and an archiver, since what is only checked is never linked: makes the output empty.
cat >no-cc <<'EOF'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o | -Fo) output=$2 && shift ;;
    -Fo*) output=${1#-Fo} ;;
    -out:*) output=${1#*:} ;;
    *.a | *.lib) output=$1 ;;
    esac
    shift
done
[ -z "${output:-}" ] || : >"$output"
EOF
chmod +x no-cc
