"""Reads the tables of cases under tests/data as tests/tables does, which says what they look like."""
import os, re
from support import ROOT

_ESCAPES = {b"t": b"\t", b"r": b"\r", b"\\": b"\\", b"\n": b""}


def _unescaped(line):
    def byte(match):
        escape = match[1]
        if escape[:1] == b"u":
            return chr(int(escape[2:-1], 16)).encode()
        return bytes([int(escape[1:], 16)]) if escape[:1] == b"x" else _ESCAPES[escape]
    return re.sub(rb"\\(u\{[0-9a-f]+\}|x[0-9A-Fa-f]{2}|[tr\\\n])", byte, line)


def cases(folder):
    """Each case's name, and its blocks as bytes."""
    path = os.path.join(ROOT, "tests", "data", folder)
    for name in sorted(os.listdir(path)):
        with open(os.path.join(path, name), "rb") as file:
            for text in re.split(rb"^=== ", file.read(), flags=re.M)[1:]:
                title, text = text.split(b"\n", 1)
                yield "%s: %s" % (name, title.decode()), _blocks(text)


def _blocks(text):
    blocks = {}
    # One blank line before the next case is for the reader.
    text = text[:-1] if text.endswith(b"\n\n") else text
    for block in re.split(rb"^--- ", text, flags=re.M)[1:]:
        words, content = block.split(b"\n", 1)
        name, _, escaped = words.decode().partition(" ")
        lines = content.splitlines(keepends=True) if not escaped else map(_unescaped, content.splitlines(keepends=True))
        blocks[name] = b"".join(lines)
    return blocks
