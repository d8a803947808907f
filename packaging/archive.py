#!/usr/bin/env python3
"""archive.py BINARY TARGET OUT: makes OUT/rolecall-VERSION-TARGET.tar.gz (.zip for Windows) with the program, its completions,
shell side, manual pages and licences. The same input makes the same archive."""
import gzip, io, os, sys, tarfile, time, tomllib, zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", 315532800))


def content(binary):
    """Yields name, mode and bytes of each file."""
    folders = {"completions": "completions", "man": "packaging/man", "shell": "packaging/shell"}
    files = [("rolecall" + (".exe" if binary.endswith(".exe") else ""), 0o755, binary)]
    files += [(name, 0o644, os.path.join(ROOT, name)) for name in ("README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE")]
    for name, folder in folders.items():
        folder = os.path.join(ROOT, folder)
        files += [(name + "/" + file, 0o644, os.path.join(folder, file)) for file in sorted(os.listdir(folder))]
    for name, mode, path in files:
        with open(path, "rb") as file:
            yield name, mode, file.read()


def main(binary, target, out):
    with open(os.path.join(ROOT, "Cargo.toml"), "rb") as file:
        version = tomllib.load(file)["package"]["version"]
    top = "rolecall-%s-%s" % (version, target)
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, top)
    if "windows" in target:
        path += ".zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, mode, data in content(binary):
                info = zipfile.ZipInfo(top + "/" + name, time.gmtime(EPOCH)[:6])
                info.external_attr = mode << 16
                archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    else:
        path += ".tar.gz"
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, mode, data in content(binary):
                info = tarfile.TarInfo(top + "/" + name)
                info.size, info.mode, info.mtime = len(data), mode, EPOCH
                archive.addfile(info, io.BytesIO(data))
        with open(path, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=EPOCH) as zipped:
            zipped.write(plain.getvalue())
    print(path)


if len(sys.argv) != 4:
    sys.exit("usage: archive.py BINARY TARGET OUT")
main(*sys.argv[1:])
