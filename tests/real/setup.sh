#!/usr/bin/env bash
# setup.sh FOLDER NAME…: installs below FOLDER what no Debian package has: the official AWS clients, each with a small program that
# prints the ARN of sts:GetCallerIdentity (python cli_v1 cli_v2 js go java), two shells (xonsh nushell), a parser of PowerShell's
# language (powershell), moto, ministack, actionlint, and a writer of the items of aws-vault and granted (keyring).
# What is there already is left as it is. Logs: FOLDER/log/setup-NAME. Exit 1 if one could not be had.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 1 ] || { echo "usage: setup.sh FOLDER NAME…" >&2; exit 2; }
mkdir -p "$1/log"
folder=$(cd "$1" && pwd)
shift

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore GOTOOLCHAIN=local CGO_ENABLED=0

# from_sid DIR PACKAGE…: unpacks newer Debian packages, without what they depend on, into DIR.
from_sid() {
    local into=$1 sid=$1.apt uri package
    shift
    mkdir -p "$sid/lists/partial" "$sid/cache/archives/partial" "$sid/debs" "$into"
    : >"$sid/status"
    # The archive that this machine uses.
    uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v codename="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
            '($2 == codename || $2 == "stable") && $3 == "main" && $1 !~ /security/ { print $1; exit }')
    [ -n "$uri" ] || { echo "no Debian archive among the apt sources"; return 1; }
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" >"$sid/sources.list"
    cat >"$sid/apt.conf" <<EOF
Dir::Etc::sourcelist "$sid/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Dir::State "$sid";
Dir::State::status "$sid/status";
Dir::Cache "$sid/cache";
Acquire::Languages "none";
APT::Sandbox::User "$(id -un)";
EOF
    APT_CONFIG="$sid/apt.conf" apt-get -qq update
    (cd "$sid/debs" && APT_CONFIG="$sid/apt.conf" apt-get -qq download "$@")
    for package in "$@"; do
        dpkg-deb -x "$sid/debs/${package}"_*.deb "$into"
    done
    rm -rf "$sid"
}

venv() {
    python3 -m venv "$1/venv"
    "$1/venv/bin/pip" -q install "${@:2}"
}

setup_python() {
    venv "$1" boto3
}

setup_cli_v1() {
    venv "$1" 'awscli<2'
}

# Version 2 is in no registry but Debian's; its dependencies, at the versions it names, are in PyPI.
setup_cli_v2() {
    from_sid "$1/deb" awscli
    local packages=$1/deb/usr/lib/python3/dist-packages
    sed -n 's/^Requires-Dist: //p' "$packages"/awscli-*.dist-info/METADATA >"$1/requirements.txt"
    venv "$1" -r "$1/requirements.txt"
    mv "$packages"/awscli* "$1"/venv/lib/python3*/site-packages/
    rm -rf "$1/deb"
}

setup_js() {
    cp "$here/clients/js/package.json" "$here/clients/js/main.js" "$1/"
    cd "$1"
    npm install --silent --no-audit --no-fund
    # Debian 12 has a Node.js that newer SDKs no longer support.
    if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
        npm install --silent --no-audit --no-fund --no-save node@22
    fi
}

# Sets `go` to a Go that is new enough.
need_go() {
    local version=1.26
    go=$(command -v go || true)
    # Debian 12's is older, and Debian's own build needs nothing of its system.
    if [ -z "$go" ] || ! "$go" version | grep -Eq 'go(1\.(2[4-9]|[3-9][0-9])|[2-9])'; then
        from_sid "$1/go" "golang-$version-go" "golang-$version-src"
        go=$1/go/usr/lib/go-$version/bin/go
        export GOROOT="$1/go/usr/lib/go-$version"
        # The two packages share one tree by links into /usr/share.
        for link in api lib misc src test; do
            [ ! -L "$GOROOT/$link" ] || ln -sfn "$1/go/usr/share/go-$version/$link" "$GOROOT/$link"
        done
    fi
}

setup_go() {
    local go
    need_go "$1"
    (cd "$here/clients/go" && "$go" build -o "$1/identity" .)
}

setup_keyring() {
    local go
    need_go "$1"
    (cd "$here/clients/keyring" && "$go" build -o "$1/write" .)
}

setup_actionlint() {
    local go
    need_go "$1"
    GOBIN="$1" "$go" install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
}

setup_java() {
    cp "$here/clients/java/pom.xml" "$here/clients/java/Identity.java" "$1/"
    cd "$1"
    mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
    javac -cp 'lib/*' -d . Identity.java
}

setup_xonsh() {
    venv "$1" xonsh
}

# A grammar of PowerShell, which is in no registry itself.
setup_powershell() {
    venv "$1" tree-sitter tree-sitter-powershell
}

setup_nushell() {
    cd "$1"
    npm install --silent --no-audit --no-fund nushell
}

setup_moto() {
    venv "$1" 'moto[server]' boto3
}

setup_ministack() {
    venv "$1" ministack boto3
}

status=0
for name in "$@"; do
    [ "$(type -t "setup_$name")" = function ] || { echo "unknown: $name" >&2; exit 2; }
    # The stamp is the state of what it is made from.
    stamp=$({ declare -f "setup_$name"; find "$here/clients/$name" -type f -exec cat {} + 2>/dev/null || true; } | cksum)
    [ "$(cat "$folder/$name/stamp" 2>/dev/null)" != "$stamp" ] || continue
    start=$SECONDS
    # Registries fail for a moment now and then.
    for pause in 0 5 30; do
        sleep "$pause"
        rm -rf "${folder:?}/$name"
        mkdir -p "$folder/$name"
        # A subshell of its own, so that `set -e` holds in it.
        set +e
        (set -e; "setup_$name" "$folder/$name") >"$folder/log/setup-$name" 2>&1 </dev/null
        result=$?
        set -e
        [ $result -ne 0 ] || break
        echo "$name: failed after $((SECONDS - start)) s"
        tail -n 20 "$folder/log/setup-$name"
    done
    if [ $result -eq 0 ]; then
        echo "$stamp" >"$folder/$name/stamp"
        echo "$name: ready after $((SECONDS - start)) s"
    else
        status=1
    fi
done
exit $status
