#!/usr/bin/env bash
# windows.sh FOLDER: builds the program and its tests for Windows, and runs them under wine. FOLDER keeps the compiler, wine and what was
# built. It needs root, for the small Debian of its own in which a wine runs that is new enough.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tests/platforms/toolchain.sh "$1" || {
    (($? == 3)) && echo "not available here: Debian's rustc-web, which compiles for Windows" && exit
    exit 1
}
folder=$(cd "$1" && pwd)
target=x86_64-pc-windows-gnu

# Debian 12's own wine lacks what Rust's standard library calls (ProcessPrng).
debian=$folder/debian
if ! [[ -e $debian/complete ]]; then
    rm -rf "$debian"
    debootstrap --variant=minbase --include=wine,wine64 trixie "$debian" &&
        touch "$debian/complete" || {
        echo "not available here: a Debian with wine 10"
        exit
    }
fi

# What begins and ends the unwind tables of a program, which only a built standard library has.
library=$folder/root/usr/lib/rustlib/$target/lib
mkdir -p "$library"
export RUSTC="$folder/rustc" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$folder/target" CARGO_PROFILE_DEV_DEBUG=0
unset CARGO_BUILD_TARGET RUSTFLAGS
for object in rsbegin rsend; do
    "$RUSTC" --target "$target" --emit obj -o "$library/$object.o" "$folder"/root/usr/src/rustc-*/library/rtstartup/$object.rs || exit
done

export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc-win32
export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-win32 AR_x86_64_pc_windows_gnu=x86_64-w64-mingw32-ar
# Under wine the Credential Manager gives pointers that the crate's own checks refuse, and there are no root certificates.
unchecked=()
for crate in windows-native-keyring-store aws-smithy-http-client; do
    unchecked+=(--config "profile.dev.package.$crate.debug-assertions=false")
done
programs=$(cargo test --no-run --locked -Zbuild-std --target "$target" "${unchecked[@]}" --lib --test cli --message-format=json |
    sed -n 's/.*"executable":"\([^"]*deps\/[^"]*\.exe\)".*/\1/p' | sort -u)
[[ $(wc -w <<<"$programs") == 2 ]] || exit 1

# The folders of this machine at the same place inside, for as long as the tests run.
inside() {
    unshare --mount --pid --fork --kill-child bash -c '
        set -e
        debian=$1
        shift
        mount -t proc proc "$debian/proc"
        mount --rbind /dev "$debian/dev"
        for folder in "$PWD" "$CARGO_TARGET_DIR"; do
            mkdir -p "$debian$folder"
            mount --bind "$folder" "$debian$folder"
        done
        exec chroot "$debian" "$@"' inside "$debian" "$@"
}
# Wine writes behind the end of a file in two steps, so that lines of two writers at once get lost.
run() {
    inside env -C "$PWD" HOME=/root WINEDEBUG=-all WINEARCH=win64 PROPTEST_RNG_SEED=1 wine "$1" --skip audit::tests::concurrent_writers
}
status=0
for program in $programs; do
    log=$(mktemp)
    run "$program" 2>&1 | tee "$log"
    # Now and then wine ends a read of a pipe late, at which the standard library ends the tests.
    if grep -q 'operation failed to complete synchronously' "$log"; then
        run "$program" 2>&1 | tee "$log"
    fi
    grep -q '^test result: ok' "$log" || status=1
    rm -f "$log"
done
exit $status
