#!/usr/bin/env python3
"""render.py REPOSITORY SUMS OUT: fills the manifests of the package managers (*.in) for a release, into OUT.

REPOSITORY is OWNER/NAME on GitHub, SUMS what `sha256sum` printed for the release's files; the version is that of Cargo.toml.
A sum that a manifest needs and that is not there is an error: nothing is made up."""
import os, re, sys, tomllib

HERE = os.path.dirname(os.path.abspath(__file__))


def main(repository, sums, out):
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", repository), "a repository is OWNER/NAME, not %r" % repository
    with open(os.path.join(HERE, "..", "Cargo.toml"), "rb") as file:
        version = tomllib.load(file)["package"]["version"]
    with open(sums, encoding="utf-8") as file:
        known = {name.lstrip("*"): digest for digest, name in (line.split(maxsplit=1) for line in file.read().splitlines())}

    def value(match):
        word = match[1]
        if word.startswith("SHA256 "):
            name = "rolecall-%s-%s" % (version, word[7:])
            assert re.fullmatch("[0-9a-f]{64}", known.get(name, "")), "no sum of %s in %s" % (name, sums)
            return known[name]
        return {"VERSION": version, "REPOSITORY": repository, "OWNER": repository.split("/")[0]}[word]

    for folder, _, files in sorted(os.walk(HERE)):
        for name in sorted(files):
            if not name.endswith(".in"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = re.sub(r"@([A-Z0-9]+(?: [^@\n]+)?)@", value, file.read())
            path = os.path.join(out, os.path.relpath(folder, HERE), name[:-3].replace("OWNER", repository.split("/")[0]))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            print(path)


if len(sys.argv) != 4:
    sys.exit("usage: render.py OWNER/NAME SUMS OUT")
try:
    main(*sys.argv[1:])
except AssertionError as error:
    sys.exit("render.py: %s" % error)
