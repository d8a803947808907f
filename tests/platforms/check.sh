#!/usr/bin/env bash
# check.sh FOLDER: compiles program and tests for macOS and Windows, and runs clippy on them, without linking. FOLDER keeps the compiler and
# what it made.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tests/platforms/toolchain.sh "$1" || {
    (($? == 3)) && echo "not available here: Debian's rustc-web, which compiles for macOS and Windows" && exit
    exit 1
}
folder=$(cd "$1" && pwd)
# The compiler takes features that are not stable only when told so; `build-std` is one.
export RUSTC="$folder/rustc" RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$folder/target" CARGO_PROFILE_DEV_DEBUG=0 PATH="$folder:$PATH"
unset CARGO_BUILD_TARGET RUSTFLAGS
good=0 bad=0
for target in aarch64-apple-darwin x86_64-pc-windows-msvc; do
    name=${target//-/_}
    export "CC_$name=$folder/no-cc" "AR_$name=$folder/no-cc"
    # Clippy does all that `check` does, for the packages that are ours.
    if cargo clippy --locked -p rolecall -p fake-aws -p rolecall-fuzz -p xtask --bins --tests -Zbuild-std --target "$target" -- -D warnings; then
        good=$((good + 1))
    else
        bad=$((bad + 1))
    fi
done
echo "$good passed, $bad failed"
exit $((bad > 0))
