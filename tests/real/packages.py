#!/usr/bin/env python3
"""The packages, built from the program under test (or that of ROLECALL_PACKAGED), checked by their own tools, installed into a
throw-away root and run there; the manifests of other package managers, filled as a release fills them; the manual pages; the
workflows. Installing needs root or sudo."""
import atexit, functools, glob, hashlib, json, os, re, shutil, subprocess, tempfile, time, tomllib, zipfile
from support import BIN, ROOT, TOOLS, case, main, sudo, want, want_in

WORK = tempfile.mkdtemp(prefix="rolecall-packages-")
atexit.register(shutil.rmtree, WORK, True)
REPOSITORY = "owner/rolecall"
with open(os.path.join(ROOT, "Cargo.toml"), "rb") as cargo:
    MANIFEST = tomllib.load(cargo)
VERSION = MANIFEST["package"]["version"]
ENV = {**os.environ, "MAINTAINER": "Rolecall Tests <tests@example.org>", "SOURCE_DATE_EPOCH": "1767225600", "LC_ALL": "C.UTF-8"}
TARGETS = ["%s-%s" % (machine, system) for machine in ("x86_64", "aarch64") for system in (
    "unknown-linux-gnu.tar.gz", "unknown-linux-musl.tar.gz", "apple-darwin.tar.gz", "pc-windows-msvc.zip")]


def run(*argv, **more):
    done = subprocess.run(argv, cwd=ROOT, env=ENV, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, **more)
    want(done.returncode, 0, "%s\n%s%s" % (" ".join(argv), done.stdout, done.stderr))
    return done.stdout


def fails(*argv, env=ENV):
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode != 0, "%s should have failed" % " ".join(argv)
    return done.stderr


def path(*names):
    return os.path.join(WORK, *names)


def read(file):
    with open(file, encoding="utf-8") as text:
        return text.read()


@functools.cache
def binary():
    """The program, stripped as a release is."""
    run("strip", "-o", path("rolecall"), os.environ.get("ROLECALL_PACKAGED", BIN))
    return path("rolecall")


@functools.cache
def package(kind):
    out = path(kind)
    run("packaging/" + kind, binary(), out)
    (file,) = os.listdir(out)
    want_in(VERSION + "-1", file)
    return os.path.join(out, file)


def digest(file):
    with open(file, "rb") as data:
        return hashlib.sha256(data.read()).hexdigest()


def runs(root):
    want(run(os.path.join(root, "usr/bin/rolecall"), "--version"), "rolecall %s\n" % VERSION)


def has(root, *files):
    """The files are there, each for everyone to read; a folder of manual pages has one for each verb."""
    for file in files:
        mode = os.stat(os.path.join(root, file)).st_mode & 0o777
        want(mode, 0o755 if file == "usr/bin/rolecall" else 0o644, file)
    want(sorted(os.listdir(os.path.join(root, "usr/share/rolecall/shell"))), sorted(os.listdir(os.path.join(ROOT, "packaging/shell"))))
    pages = sorted(os.listdir(os.path.join(root, "usr/share/man/man1")))
    want(pages, sorted(page + ".gz" for page in os.listdir(os.path.join(ROOT, "packaging/man"))))


EVERYWHERE = ("usr/bin/rolecall", "usr/share/bash-completion/completions/rolecall", "usr/share/fish/vendor_completions.d/rolecall.fish",
              "usr/share/elvish/lib/rolecall.elv", "usr/share/rolecall/completions/rolecall.nu", "usr/share/rolecall/completions/rolecall.ps1",
              "usr/share/rolecall/shell/rolecall.bash", "usr/share/rolecall/shell/rolecall-prompt.zsh")


@case
def lintian_finds_nothing_in_the_debian_package():
    run("lintian", "--allow-root", "--fail-on", "warning,error", package("deb"))


@case
def the_debian_package_is_installed_and_removed():
    root = path("debian")
    os.makedirs(root + "/var/lib/dpkg/info")
    os.makedirs(root + "/var/lib/dpkg/updates")
    open(root + "/var/lib/dpkg/status", "w").close()
    # In the throw-away root there is nothing that it could depend on.
    dpkg = [*sudo(), "dpkg", "--root=" + root, "--force-depends", "--log=/dev/null"]
    run(*dpkg, "--install", package("deb"))
    has(root, *EVERYWHERE, "usr/share/zsh/vendor-completions/_rolecall", "usr/share/doc/rolecall/copyright", "usr/share/doc/rolecall/changelog.gz",
        "usr/share/doc/rolecall/changelog.Debian.gz")
    runs(root)
    run(*dpkg, "--remove", "rolecall")
    left = [os.path.join(folder, file) for folder, _, files in os.walk(root + "/usr") for file in files]
    want(left, [])


@case
def the_debian_package_says_what_it_needs():
    fields = run("dpkg-deb", "--field", package("deb"))
    want_in("Version: %s-1\n" % VERSION, fields)
    want_in("Maintainer: Rolecall Tests <tests@example.org>\n", fields)
    assert re.search(r"^Depends: .*libc6 \(>= 2", fields, re.M), fields
    want_in("MAINTAINER", fails("packaging/deb", binary(), path("none"), env={k: v for k, v in ENV.items() if k != "MAINTAINER"}))


@case
def the_rpm_is_installed_and_removed():
    root = path("rpm-root")
    os.makedirs(root)
    rpm = [*sudo(), "rpm", "--root", root]
    run(*rpm, "--initdb")
    run(*rpm, "--install", "--nodeps", "--noscripts", package("rpm"))
    want(run(*rpm, "--query", "rolecall").rsplit(".", 1)[0], "rolecall-%s-1" % VERSION)
    run(*rpm, "--verify", "--nodeps", "rolecall")
    has(root, *EVERYWHERE, "usr/share/zsh/site-functions/_rolecall", "usr/share/licenses/rolecall/LICENSE-MIT", "usr/share/licenses/rolecall/LICENSE-APACHE")
    runs(root)
    run(*rpm, "--erase", "--nodeps", "--noscripts", "rolecall")
    assert not os.path.exists(root + "/usr/bin/rolecall"), "it is still there"


@case
def the_same_input_makes_the_same_package():
    # A small program, because compressing takes long.
    program = shutil.copy("/bin/true", path("true"))
    for folder in ("once", "twice"):
        run("packaging/deb", program, path(folder))
        run("packaging/rpm", program, path(folder))
        for target in ("x86_64-unknown-linux-musl", "x86_64-pc-windows-msvc"):
            run("packaging/archive.py", program, target, path(folder))
        time.sleep(1.1)
    files = sorted(os.listdir(path("once")))
    want(len(files), 4)
    want([digest(path("once", file)) for file in files], [digest(path("twice", file)) for file in files])


@case
def an_archive_holds_what_the_manifests_take_out_of_it():
    made = run("packaging/archive.py", binary(), "x86_64-unknown-linux-musl", path("archive")).strip()
    os.makedirs(path("unpacked"))
    run("tar", "-xf", made, "-C", path("unpacked"))
    top = path("unpacked", "rolecall-%s-x86_64-unknown-linux-musl" % VERSION)
    want(run(top + "/rolecall", "--version"), "rolecall %s\n" % VERSION)
    for file in ("LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md", "man/rolecall-exec.1", "completions/rolecall.bash",
                 "completions/_rolecall", "completions/rolecall.fish", "shell/rolecall.bash", "shell/rolecall-prompt.zsh"):
        assert os.path.getsize(os.path.join(top, file)), file
    made = run("packaging/archive.py", shutil.copy(binary(), path("rolecall.exe")), "x86_64-pc-windows-msvc", path("archive")).strip()
    with zipfile.ZipFile(made) as archive:
        for file in ("rolecall.exe", "shell/rolecall.ps1"):
            want_in("rolecall-%s-x86_64-pc-windows-msvc/%s" % (VERSION, file), archive.namelist())


@functools.cache
def rendered():
    sums = path("SHA256SUMS")
    with open(sums, "w") as file:
        for name in TARGETS + ["src.tar.gz"]:
            file.write("%s  rolecall-%s-%s\n" % (hashlib.sha256(name.encode()).hexdigest(), VERSION, name))
    run("packaging/render.py", REPOSITORY, sums, path("manifests"))
    return {os.path.relpath(file, path("manifests")): read(file)
            for folder, _, files in os.walk(path("manifests")) for file in (os.path.join(folder, name) for name in files)}


def yaml(text):
    return json.loads(run("ruby", "-ryaml", "-rjson", "-e", "puts JSON.generate(YAML.safe_load(ARGV[0]))", text))


@case
def manifests_name_this_version_and_the_released_files():
    names = {"homebrew/rolecall.rb", "scoop/rolecall.json", "aur/PKGBUILD", "aur/.SRCINFO",
             *("winget/owner.rolecall%s.yaml" % part for part in ("", ".installer", ".locale.en-US"))}
    want(set(rendered()), names)
    for name, text in rendered().items():
        want_in(VERSION, text, name)
        assert "@" not in re.sub(r"@\w+\.", "", text), "%s has a gap: %s" % (name, text)
        for host, rest in re.findall(r"https?://([\w.-]+)/(\S*)", text):
            assert (host, rest.startswith(REPOSITORY.split("/")[0])) == ("github.com", True) or host == "aka.ms", "%s: %s/%s" % (name, host, rest)
    # Each file of a release that is named anywhere is one that the workflow makes, with its own sum.
    files = set(re.findall(r"rolecall-%s-([\w.-]+\.(?:tar\.gz|zip))" % re.escape(VERSION), "".join(rendered().values())))
    assert files <= set(TARGETS) | {"src.tar.gz"} and len(files) >= 7, files
    release = read(os.path.join(ROOT, ".github/workflows/release.yml"))
    for file in files - {"src.tar.gz"}:
        want_in("target: " + file.split(".")[0], release)


@case
def a_missing_sum_is_an_error():
    with open(path("few"), "w") as file:
        file.write("%064d  rolecall-%s-src.tar.gz\n" % (0, VERSION))
    want_in("no sum of rolecall-%s-" % VERSION, fails("packaging/render.py", REPOSITORY, path("few"), path("gap")))
    want_in("OWNER/NAME", fails("packaging/render.py", "https://x/y/z", path("few"), path("gap")))


@case
def the_homebrew_formula_is_ruby():
    rendered()
    want_in("Syntax OK", run("ruby", "-wc", path("manifests/homebrew/rolecall.rb")))


@case
def scoop_and_winget_manifests_hold_what_they_have_to():
    scoop = json.loads(rendered()["scoop/rolecall.json"])
    want(scoop["version"], VERSION)
    for machine, short in (("x86_64", "64bit"), ("aarch64", "arm64")):
        entry, file = scoop["architecture"][short], machine + "-pc-windows-msvc.zip"
        want(entry["url"], "https://github.com/%s/releases/download/v%s/rolecall-%s-%s" % (REPOSITORY, VERSION, VERSION, file))
        want(entry["hash"], hashlib.sha256(file.encode()).hexdigest())
    kinds = {}
    for part in ("", ".installer", ".locale.en-US"):
        document = yaml(rendered()["winget/owner.rolecall%s.yaml" % part])
        want((document["PackageIdentifier"], document["PackageVersion"]), ("owner.rolecall", VERSION))
        kinds[document["ManifestType"]] = document
    want(sorted(kinds), ["defaultLocale", "installer", "version"])
    for installer in kinds["installer"]["Installers"]:
        file = installer["InstallerUrl"].rsplit("/", 1)[1]
        want(installer["InstallerSha256"], hashlib.sha256(file.split(VERSION + "-")[1].encode()).hexdigest())
        want(installer["NestedInstallerFiles"][0]["RelativeFilePath"], file[:-4] + "\\rolecall.exe")


@case
def srcinfo_says_what_pkgbuild_says():
    rendered()
    fields = ("pkgdesc", "pkgver", "pkgrel", "url", "arch", "license", "makedepends", "depends", "options", "source", "sha256sums")
    script = '. "$0"; echo "pkgbase=$pkgname"; for f in %s; do declare -n v=$f; for x in "${v[@]}"; do echo "$f=$x"; done; done; echo "pkgname=$pkgname"' % " ".join(fields)
    said = run("bash", "-euc", script, path("manifests/aur/PKGBUILD"))
    listed = [line.strip().replace(" = ", "=", 1) for line in rendered()["aur/.SRCINFO"].splitlines() if line.strip()]
    want(listed, said.splitlines())
    # It installs what is there.
    for file in re.findall(r"(?<=\s)(?:(?:completions|packaging)/[\w./*-]+|LICENSE-\w+)", rendered()["aur/PKGBUILD"]):
        assert glob.glob(os.path.join(ROOT, file)), file


@case
def the_flake_is_nix_and_takes_its_version_from_cargo():
    run("nix-instantiate", "--parse", "flake.nix")
    text = read(os.path.join(ROOT, "flake.nix"))
    want_in("importTOML ./Cargo.toml", text)
    assert VERSION not in text
    for file in re.findall(r"(?:completions|packaging)/[\w./*-]+", text):
        assert glob.glob(os.path.join(ROOT, file)), file


@case
def the_container_builds_with_a_new_enough_rust_and_runs_as_nobody():
    lines = [line.split() for line in read(os.path.join(ROOT, "packaging/Containerfile")).splitlines() if line and line[0].isupper()]
    stages = [words for words in lines if words[0] == "FROM"]
    want_in("rust:%s-alpine" % MANIFEST["workspace"]["package"]["rust-version"], stages[0][1])
    want_in(":nonroot", stages[-1][1])
    for words in lines:
        if words[0] == "COPY" and not words[1].startswith("--"):
            assert all(os.path.exists(os.path.join(ROOT, word)) for word in words[1:-1]), words


def workflow(name):
    return yaml(read(os.path.join(ROOT, ".github/workflows", name)))


@case
def the_workflows_are_sound():
    names = sorted(os.listdir(os.path.join(ROOT, ".github/workflows")))
    run(os.path.join(TOOLS, "actionlint/actionlint"), "-no-color", *(".github/workflows/" + name for name in names))
    for name in names:
        want(workflow(name)["permissions"], {"contents": "read"}, name)
        for job, content in workflow(name)["jobs"].items():
            assert "timeout-minutes" in content, job
            for step in content["steps"]:
                assert re.search(r"@(v\d|[0-9a-f]{40})", step.get("uses", "@v1")), step


@case
def the_release_is_built_for_each_system():
    targets = {entry["target"] for entry in workflow("release.yml")["jobs"]["build"]["strategy"]["matrix"]["include"]}
    want(targets, {target.split(".")[0] for target in TARGETS})


@case
def binstall_looks_for_the_files_of_a_release():
    metadata = MANIFEST["package"]["metadata"]["binstall"]
    values = {"name": "rolecall", "version": VERSION, "repo": "R", "bin": "rolecall"}
    for file in TARGETS:
        target = file.split(".")[0]
        chosen = {**metadata, **metadata["overrides"].get(target, {})}
        url = re.sub(r"\{ ([\w-]+) \}", lambda match: {**values, "target": target}[match[1]], chosen["pkg-url"])
        want(url, "R/releases/download/v%s/rolecall-%s-%s" % (VERSION, VERSION, file))


@case
def the_crate_holds_what_the_program_includes():
    listed = run("cargo", "package", "--list", "--allow-dirty", "--offline").splitlines()
    for file in sorted(os.listdir(os.path.join(ROOT, "completions"))):
        want_in("completions/" + file, listed)


@case
def manual_pages_are_without_warnings():
    pages = sorted(glob.glob(os.path.join(ROOT, "packaging/man/*.1")))
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
    # They have no date, to be the same whenever they are made.
    want([line for line in done.stdout.splitlines() if "missing date" not in line], [])
    want(subprocess.run(["groff", "-man", "-ww", "-z", *pages], capture_output=True, text=True).stderr, "")


if __name__ == "__main__":
    main()
