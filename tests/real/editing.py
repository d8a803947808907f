#!/usr/bin/env python3
"""The shared files that rolecall's edits leave, read by botocore and both AWS CLIs: what was meant is there, and all else is as it was."""
import copy, json, os, random, re, shlex, subprocess, sys
from support import BASE, DEV, FakeAws, HERE, Home, TOOLS, add_case, case, main, want

PYTHON = os.path.join(TOOLS, "python", "venv", "bin", "python")
if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
    os.execve(PYTHON, [PYTHON, *sys.argv], {**os.environ, "PYTHONUTF8": "1"})

import botocore.session
from botocore.exceptions import ConfigParseError
import tables

KINDS = {"profile": "profiles", "sso-session": "sso_sessions", "services": "services"}
ROLE_KEYS = ("role_arn", "source_profile", "credential_source", "external_id", "role_session_name", "duration_seconds", "mfa_serial")

# Rows that botocore reads otherwise than the SDKs' specification, which rolecall keeps to, and so otherwise after an edit too.
READ_OTHERWISE = {
    # A comment behind `s3 =` is a value of several lines.
    "blocks.txt: a nested key is added to its block, indented as the others",
    "blocks.txt: an empty block is filled",
    "blocks.txt: the last nested key takes its block along",
    # `[ default ]`, `["d"]` and `["my keys"]` have no such name.
    "sections.txt: default is renamed, and back",
    "values.txt: quoted names, and any blanks in a header, are found",
    "values.txt: the credentials file has bare names",
    # Of `[profile default]` and `[default]` the last one is read.
    "values.txt: profile default is set though default has the key",
}


class AwsCli:
    """`aws configure` of one version, kept running."""

    def __init__(self, name):
        self.name = name
        python = os.path.join(TOOLS, name, "venv", "bin", "python")
        self.process = subprocess.Popen([python, "-W", "ignore", os.path.join(HERE, "aws_configure.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def configure(self, files, *commands):
        asked = {"config": files.paths[0], "credentials": files.paths[1], "commands": commands}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Files:
    """The two shared files of a home."""

    def __init__(self, home, config, credentials):
        self.home, self.paths = home, (home.at(".aws", "config"), home.at(".aws", "credentials"))
        os.makedirs(home.at(".aws"), exist_ok=True)
        for path, content in zip(self.paths, (config, credentials)):
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, 0o600)

    def bytes(self):
        return [open(path, "rb").read() for path in self.paths]

    def botocore(self):
        """What botocore reads of each kind of section, or None where it refuses a file."""
        session = botocore.session.Session()
        session.set_config_variable("config_file", self.paths[0])
        session.set_config_variable("credentials_file", self.paths[1])
        try:
            full = session.full_config
        except ConfigParseError:
            return None
        return {kind: full.get(kind, {}) for kind in KINDS.values()}

    def rolecall(self):
        """What rolecall reads, in botocore's shape, or None where a line is malformed."""
        done = self.home.rolecall("profile", "dump", "--json")
        if done.returncode:
            return None
        # An empty value counts as unset.
        return {kind: {name: {key: nested(value) for key, value in section.items() if value} for name, section in sections.items()}
                for kind, sections in json.loads(done.stdout).items()}


def nested(value):
    """A block of nested keys as a dictionary, any other value as it is."""
    if not isinstance(value, str) or not value.startswith("\n"):
        return value
    lines = [line.split("=", 1) for line in value.splitlines() if line.strip()]
    return {key.strip(): rest.strip() for key, rest in lines}


class Edit:
    """An edit as `rolecall profile` takes it, and what it means for readers."""

    def __init__(self, verb, section, *words):
        kind, _, name = section.rpartition(":") if section.startswith(("sso-session:", "services:")) else ("profile", "", section)
        self.verb, self.kind, self.name, self.words = verb, kind, name, words

    def __str__(self):
        return shlex.join([self.verb, "%s:%s" % (self.kind, self.name), *self.words])

    def arguments(self):
        option = {"profile": "--profile=", "sso-session": "--sso-session=", "services": "--services="}[self.kind]
        return ["profile", self.verb, *([option + self.name] if self.verb not in ("adopt", "release") else ["-p", self.name]), *self.words]

    def meant(self, before):
        """What readers read afterwards, of what they read before."""
        after = copy.deepcopy(before)
        sections = after[KINDS[self.kind]]
        getattr(self, "_" + self.verb)(after, sections)
        return after

    def _set(self, after, sections):
        section = sections.setdefault(self.name, {})
        for word in self.words:
            key, value = word.split("=", 1)
            block, dot, key = key.rpartition(".")
            if dot and not section.get(block.lower()):
                section[block.lower()] = {}
            keys = section[block.lower()] if dot else section
            # Readers keep the spelling of nested keys.
            keys[next((one for one in keys if one.lower() == key.lower()), key if dot else key.lower())] = value

    def _unset(self, after, sections):
        for word in self.words:
            block, dot, key = word.lower().rpartition(".")
            keys = sections[self.name][block] if dot else sections[self.name]
            for one in [one for one in keys if one.lower() == key]:
                del keys[one]
            if dot and not keys:
                del sections[self.name][block]

    def _add(self, after, sections):
        self._set(after, sections)

    def _remove(self, after, sections):
        del sections[self.name]

    def _rename(self, after, sections):
        sections[self.words[0]] = sections.pop(self.name)
        key = {"profile": "source_profile", "sso-session": "sso_session", "services": "services"}[self.kind]
        for profile in after["profiles"].values():
            for name in (key, "rolecall_" + key):
                if profile.get(name) == self.name:
                    profile[name] = self.words[0]
            if self.kind == "profile" and same_command(profile.get("credential_process", ""), process(self.name)):
                profile["credential_process"] = process(self.words[0])

    def _adopt(self, after, sections):
        keys = sections[self.name]
        sections[self.name] = {"rolecall_" + key if key in ROLE_KEYS else key: value for key, value in keys.items()}
        sections[self.name]["credential_process"] = process(self.name)


def process(name):
    return shlex.join(["rolecall", "process", name])


def same_command(one, other):
    return shlex.split(one) == shlex.split(other)


def without_comments(reading, edit):
    """What botocore reads, less a comment behind a value that was set: it takes it for a part of the value, and it stays."""
    section = reading[KINDS[edit.kind]].get(edit.name, {})
    for word in edit.words if edit.verb == "set" else ():
        key = word.split("=", 1)[0].lower()
        if isinstance(section.get(key), str):
            section[key] = re.sub(r"\s+[#;].*", "", section[key], flags=re.S)
    return reading


def in_one_spelling(reading):
    """Commands with one kind of quotes."""
    for profile in (reading or {}).get("profiles", {}).values():
        if "credential_process" in profile:
            profile["credential_process"] = shlex.join(shlex.split(profile["credential_process"]))
    return reading


def edits_of(block):
    """The edits of a table's block that are verbs of `rolecall profile` too."""
    words = iter(shlex.split(block.decode()))
    for verb in words:
        section = next(words)
        more = [next(words) for _ in range({"set": 1, "unset": 1, "rename": 1, "rename-key": 2}.get(verb, 0))]
        if verb != "rename-key":
            yield Edit(verb, section, *more)


class Readers:
    """Compares what all readers read before and after edits."""

    def __init__(self, *clis):
        self.clis, self.read, self.refused, self.faults = clis, 0, 0, []

    def edit(self, name, files, edit):
        """Makes an edit; returns whether rolecall took it."""
        unchanged, readers = files.bytes(), (("botocore", files.botocore), ("rolecall", files.rolecall))
        before = {reader: read() for reader, read in readers}
        done = files.home.rolecall(*edit.arguments())
        if done.returncode:
            self.refused += 1
            self.expect(name, edit, "a refusal (%s) left" % done.stderr.splitlines()[0], files.bytes(), unchanged)
            return False
        for reader, read in readers:
            if before[reader] is None or reader == "botocore" and name in READ_OTHERWISE:
                continue
            try:
                meant = edit.meant(before[reader])
            except (KeyError, TypeError, AttributeError) as error:
                self.faults.append("%s: %s: there is no place for it in what %s reads: %r (%r)" % (name, edit, reader, before[reader], error))
                continue
            after = read()
            if reader == "botocore" and after is not None:
                after = without_comments(after, edit)
            self.expect(name, edit, reader + " reads", in_one_spelling(after), in_one_spelling(meant))
        if before["botocore"] is not None:
            self.read += 1
            self.ask_clis(name, files, edit)
        return True

    def ask_clis(self, name, files, edit):
        """Compares what the CLIs print with what botocore reads."""
        after = files.botocore()
        commands, wanted = [["list-profiles"]], ["".join(name + "\n" for name in after["profiles"])]
        section = after["profiles"].get(edit.name, {}) if edit.kind == "profile" else {}
        for key, value in section.items():
            values = {key: value} if isinstance(value, str) else {"%s.%s" % (key, part): value for part, value in value.items()}
            commands += [["get", "--profile", edit.name, key] for key in values]
            wanted += [value + "\n" for value in values.values()]
        for cli in self.clis:
            # Version 1 does not list profiles.
            skipped = 1 if cli.name == "cli_v1" else 0
            got = cli.configure(files, *commands[skipped:])
            self.expect(name, edit, "%s prints for %s" % (cli.name, commands[skipped:]), got, wanted[skipped:])

    def expect(self, name, edit, what, got, wanted):
        if got != wanted:
            self.faults.append("%s: %s: %s %r, not %r" % (name, edit, what, got, wanted))

    def check(self, at_least):
        assert not self.faults, "\n".join(fault[:1200] for fault in self.faults[:5])
        assert self.read >= at_least, "only %d edits were read by botocore (%d were refused)" % (self.read, self.refused)


@case
def edits_of_the_table_are_read_as_meant():
    with Home() as home, AwsCli("cli_v1") as one, AwsCli("cli_v2") as two:
        readers, rows = Readers(one, two), dict(tables.cases("edits"))
        want(READ_OTHERWISE - set(rows), set(), "rows that are not there")
        for name, blocks in rows.items():
            files = Files(home, blocks.get("config", b""), blocks.get("credentials", b""))
            for edit in edits_of(blocks["edit"]):
                readers.edit(name, files, edit)
        readers.check(120)


NAMES = ("default", "dev", "prod", "two words", "it's", "s\u00fcd", "a/b.c", "x_y-9")
VALUES = ("eu-west-1", "two words", "a=b", "50%", "\u00fc\u4e2d", "[v]", "a#b;c", "https://example.com/x", "'quoted'", "C:\\x")
KEYS = ("region", "output", "cli_pager", "retry_mode", "description")
ROLE = "arn:aws:iam::222222222222:role/r"


class Generator:
    """Files as people write them, of which botocore can read each line: it refuses a key or a section that is there twice."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def header(self, kind, name):
        if kind is None:
            return "[%s]" % name
        quote = self.random.choice(["'", '"'] if " " in name else ["", "", '"'])
        # rolecall and the SDKs read only ASCII without quotes.
        quote = '"' if "'" in name or not name.isascii() else quote
        prefix = "" if (kind, name) == ("profile", "default") and self.chance(70) else kind + " " * self.random.choice([1, 1, 1, 3])
        name = quote + name + quote if prefix else name
        return "[%s%s]%s" % (prefix, name, " # of a team" if self.chance(10) else "")

    def line(self, style, key, value):
        return {"spaced": "%s = %s", "tight": "%s=%s", "aligned": "%-20s = %s", "tabs": "%s\t=\t%s"}[style] % (key, value)

    def section(self, kind, name, others):
        style = self.random.choice(["spaced", "spaced", "tight", "aligned", "tabs"])
        keys = self.random.sample(KEYS, self.random.randrange(len(KEYS)))
        lines = [self.line(style, key.title() if self.chance(10) else key, self.random.choice(VALUES)) for key in keys]
        if kind == "profile" and self.chance(50):
            lines.append(self.line(style, "role_arn", ROLE))
            lines.append(self.line(style, "source_profile", self.random.choice(others)))
            lines += [self.line(style, "external_id", "x/1")] if self.chance(40) else []
        for block in self.random.sample(["s3", "dynamodb"], self.random.choice([0, 0, 1, 2])):
            lines.append("\n".join([self.line(style, block, "").rstrip(), "  max_queue_size = 10", "  addressing_style=path"]))
        self.random.shuffle(lines)
        if self.chance(20) and keys:
            lines[0] += "" if "\n" in lines[0] else "\n   and more"
        for noise in ("# a comment", "; another", "", "   ", "#x = y"):
            if self.chance(20):
                lines.insert(self.random.randrange(len(lines) + 1), noise)
        return [self.header(kind, name), *lines, *self.random.choice([[], [""], ["", "# about the next"]])]

    def credentials(self):
        """A file whose sections have bare names."""
        lines = [line for name in self.random.sample(NAMES, 3) for line in self.section(None, name, NAMES)]
        return "\n".join([*lines, ""]).encode()

    def file(self):
        names = self.random.sample(NAMES, self.random.randrange(2, 6))
        sections = [("profile", name) for name in names]
        sections += [(kind, "corp") for kind in ("sso-session", "services") if self.chance(40)]
        self.random.shuffle(sections)
        lines = ["# mine"] if self.chance(30) else []
        for kind, name in sections:
            lines += self.section(kind, name, names)
        text = "\n".join(lines) + ("" if self.chance(20) else "\n")
        return text.replace("\n", self.random.choice(["\n", "\n", "\r\n"])).encode(), sections

    def edit(self, sections):
        kind, name = self.random.choice(sections)
        section = name if kind == "profile" else "%s:%s" % (kind, name)
        verb = self.random.choice(["set", "set", "set", "unset", "unset", "rename", "remove", "add", *(["adopt"] * 2 if kind == "profile" else [])])
        key = self.random.choice([*KEYS, "new_key", "s3.addressing_style", "dynamodb.max_queue_size", "s3.new", "source_profile"])
        words = {"set": [key + "=" + self.random.choice(VALUES)], "unset": [key], "rename": [self.random.choice([*NAMES, "other"])]}
        if verb == "add":
            section, words["add"] = self.random.choice(["n1", "sso-session:n2", "services:n3", "n 4"]), ["region=x", "s3.addressing_style=path"]
        return Edit(verb, section, *words.get(verb, []))


def generated_files_are_read_as_meant(seed):
    with Home() as home, AwsCli("cli_v1") as one, AwsCli("cli_v2") as two:
        readers, generator = Readers(one, two), Generator(seed)
        for number in range(12):
            content, sections = generator.file()
            files = Files(home, content, b"")
            assert files.botocore() is not None, "botocore does not read file %d: %r" % (number, content)
            for _ in range(5):
                before, edit = files.bytes(), generator.edit(sections)
                name = "file %d %r" % (number, before[0])
                if readers.edit(name, files, edit) and edit.verb == "adopt" and files.bytes() != before:
                    adopted = files.bytes()
                    home.rolecall("profile", "release", "-p", edit.name)
                    readers.expect(name, edit, "release leaves", files.bytes(), before)
                    if generator.chance(50):
                        home.rolecall("profile", "adopt", "-p", edit.name)
                        readers.expect(name, edit, "adopted again", files.bytes(), adopted)
        readers.check(25)


for seed in range(1, 4):
    add_case("generated files are read as meant, seed %d" % seed, lambda seed=seed: generated_files_are_read_as_meant(seed))

# What `aws configure set` does to some files, and rolecall does not: the file, the edit, and what it leaves.
FAULTS_OF_OTHERS = (
    ("a nested key of the same name is overwritten, and its block with it",
     b"[default]\ns3 =\n  region = inner\n", "set default region=eu-west-1",
     b"[default]\ns3 =\n  region = inner\nregion = eu-west-1\n"),
    ("a comment in a block ends the program",
     b"[default]\ns3 =\n  a = 1\n# why\n  b = 2\n", "set default s3.c=3", b"[default]\ns3 =\n  a = 1\n# why\n  b = 2\n  c = 3\n"),
    ("a blank line in a block ends the program",
     b"[default]\ns3 =\n  a = 1\n\n  b = 2\n", "set default s3.c=3", b"[default]\ns3 =\n  a = 1\n\n  b = 2\n  c = 3\n"),
    ("a second section is added beside one in double quotes",
     b'[profile "a b"]\nregion = x\n', "set 'a b' region=y", b'[profile "a b"]\nregion = y\n'),
    ("a second section is added beside one with more blanks",
     b"[profile   dev]\nregion = x\n", "set dev region=y", b"[profile   dev]\nregion = y\n"),
    ("a second section is added beside one with a tab",
     b"[profile\tdev]\nregion = x\n", "set dev region=y", b"[profile\tdev]\nregion = y\n"),
    ("a second section is added behind a byte order mark",
     b"\xef\xbb\xbf[profile dev]\nregion = x\n", "set dev region=y", b"\xef\xbb\xbf[profile dev]\nregion = y\n"),
    ("a second key is added beside one in capital letters",
     b"[profile dev]\nRegion = x\n", "set dev region=y", b"[profile dev]\nRegion = y\n"),
    ("the section is changed that nobody reads",
     b"[default]\nregion = a\n[profile default]\nregion = b\n", "set default region=c",
     b"[default]\nregion = a\n[profile default]\nregion = c\n"),
    ("CRLF becomes LF",
     b"[default]\r\nregion = a\r\n# x\r\n", "set default region=b", b"[default]\r\nregion = b\r\n# x\r\n"),
    ("the comment behind the value is lost",
     b"[default]\nregion = a # home\n", "set default region=b", b"[default]\nregion = b # home\n"),
    ("the lines that continue the old value continue the new one",
     b"[default]\nregion = a\n  b\noutput = json\n", "set default region=c", b"[default]\nregion = c\noutput = json\n"),
    ("a file with a key twice is refused",
     b"[default]\nregion = a\nregion = b\n", "set default region=c", b"[default]\nregion = a\nregion = c\n"),
    ("a file with a section twice is refused",
     b"[profile dev]\nregion = a\n[profile dev]\nregion = b\n", "set dev region=c",
     b"[profile dev]\nregion = a\n[profile dev]\nregion = c\n"),
)


@case
def faults_of_others_are_not_ours():
    with Home() as home, AwsCli("cli_v1") as one, AwsCli("cli_v2") as two:
        readers = Readers(one, two)
        for name, before, words, after in FAULTS_OF_OTHERS:
            files = Files(home, before, b"")
            [edit] = edits_of(words.encode())
            readers.expect(name, edit, "taken", readers.edit(name, files, edit), True)
            readers.expect(name, edit, "left", files.bytes()[0], after)
        readers.check(10)


@case
def a_key_or_a_section_is_never_there_twice():
    with Home() as home:
        files = Files(home, b"[profile dev]\nREGION=a\n", b"")
        for words in (["set", "dev", "region=x", "Region=y"], ["set", "dev", "output=a", "output=b"]):
            want(home.rolecall("profile", *words).returncode, 0)
        for words in (["add", "dev"], ["rename", "dev", "dev"], ["add", "dev", "region=z"]):
            home.rolecall("profile", *words)
        want(files.bytes()[0], b"[profile dev]\nREGION=y\noutput=b\n")
        want(files.botocore()["profiles"], {"dev": {"region": "y", "output": "b"}})


def written_and_moved(number):
    """A session is written and taken out again, and long-term keys are moved into the store, in files of other people."""
    generator = Generator(number)
    config, credentials = generator.file()[0], generator.credentials()
    profile = "[profile target]\nrole_arn = %s\nsource_profile = bob\n" % DEV
    with Home() as home, FakeAws() as fake, AwsCli("cli_v1") as one, AwsCli("cli_v2") as two:
        home.env.update(AWS_ENDPOINT_URL_STS=fake.url, AWS_REGION="eu-west-1", ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass")
        files = Files(home, config.rstrip(b"\r\n") + b"\n" + profile.encode(), credentials + BASE.encode() + b"# the end")
        unchanged, before = files.bytes(), files.botocore()

        def changed(*arguments):
            done = home.rolecall(*arguments)
            want(done.returncode, 0, done.stderr)
            return files.botocore()

        after = changed("write", "target", "--as", "temp")
        session = json.loads(home.rolecall("process", "target").stdout)
        written = after["profiles"].pop("temp")
        want(after, before, "all else")
        wanted = {"aws_access_key_id": session["AccessKeyId"], "aws_secret_access_key": session["SecretAccessKey"],
                  "aws_session_token": session["SessionToken"], "x_security_token_expires": session["Expiration"]}
        want({key: written.get(key) for key in wanted}, wanted, "the session")
        for cli in (one, two):
            got = cli.configure(files, *(["get", key, "--profile", "temp"] for key in wanted))
            want(got, [value + "\n" for value in wanted.values()], cli.name)
        want(changed("write", "--clear", "temp"), before, "after it was taken out")
        want(files.bytes(), unchanged, "the bytes after it was taken out")

        after = changed("keys", "import", "bob")
        moved = {"rolecall_access_key_id": before["profiles"]["bob"]["aws_access_key_id"], "credential_process": "rolecall process bob"}
        want(after["profiles"].pop("bob"), moved, "the profile whose keys were moved")
        del before["profiles"]["bob"]
        want(after, before, "all else")
        want(files.bytes()[1], credentials + b"[bob]\n# the end", "the bytes of the credentials file")
        for cli in (one, two):
            want(cli.configure(files, ["get", "aws_secret_access_key", "--profile", "bob"]), [None], cli.name)
        assert home.key("bob").startswith("ASIA"), "no session of the keys that were moved"


for number in range(1, 5):
    add_case("written sessions and moved keys are read, file %d" % number, lambda number=number: written_and_moved(number))
main(at_once=2)
