#!/usr/bin/env python3
"""`rolecall keys import --from` out of stores that 99designs/keyring wrote, the library of aws-vault and granted: keys are moved and
work, theirs stay, and no file but theirs and ours has learned a secret."""
import json, os, shutil, subprocess
from desktop import Desktop
from support import FakeAws, Home, TOOLS, case, main, stranger, want, want_in

WRITER = os.path.join(TOOLS, "keyring", "write")
ID, SECRET = "AKIABOB0000000000000", "bobs/secret+key"
PASSPHRASE = "of the vault: ä \" '"
# Sections that aws-vault reads, with names that no section is made for.
ODD = '[profile "with blanks"]\nregion = eu-west-1\n[profile "größe"]\nregion = eu-west-1\n'
NAMES = ("default", "dev", "größe", "team/dev", "with blanks", "100%@x")
SESSIONS = ("sts.GetSessionToken,ZGV2,YXJuOmF3czppYW06OjE6bWZhL2JvYg,1790000000", "session,dev,,1572281751",
            "oidc:https://corp.awsapps.com/start")
VAULT = {"ServiceName": "aws-vault"}


def credentials(key=ID, secret=SECRET, token=""):
    return json.dumps({"AccessKeyID": key, "SecretAccessKey": secret, "SessionToken": token, "Source": "", "CanExpire": False,
                       "Expires": "0001-01-01T00:00:00Z"})


def write(home, backend, items, password=PASSPHRASE, **config):
    """Writes items by the library, in the home's environment."""
    task = {"Config": {"AllowedBackends": [backend], **config}, "Password": password,
            "Items": [{"Key": key, "Data": data} for key, data in items]}
    # Another user may not look where the tools are.
    writer = WRITER if home.user is None else shutil.copy(WRITER, home.at("write"))
    done = home.run(writer, input=json.dumps(task))
    want(done.returncode, 0, done.stderr)


def items():
    """What aws-vault has after some months."""
    return [(name, credentials()) for name in NAMES] + [(name, "{}") for name in SESSIONS] + [("note", "no JSON")]


class Scene:
    """A home with a config file, a stand-in for AWS, and our own store as files."""

    def __init__(self, user=None):
        self.home, self.fake = Home(user), FakeAws()
        self.home.write(".aws/config", "# by hand\n[default]\nregion = eu-west-1\n" + ODD)
        self.home.env.update(AWS_ENDPOINT_URL_STS=self.fake.url, AWS_REGION="eu-west-1", ROLECALL_STORE="file",
                             ROLECALL_FILE_PASSPHRASE="of our store")

    def __enter__(self):
        return self.home, self.fake

    def __exit__(self, *error):
        self.fake.__exit__(*error)
        self.home.__exit__(*error)


def imports(home, *options, program="aws-vault", code=0):
    done = home.rolecall("keys", "import", "--from", program, "--json", "--no-input", *options)
    want(done.returncode, code, done.stderr)
    assert SECRET not in done.stderr + done.stdout and PASSPHRASE not in done.stderr, "a secret was shown"
    return {row["profile"]: row["result"] for row in json.loads(done.stdout or "[]")}, done.stderr


def config(home):
    with open(home.at(".aws/config"), encoding="utf-8") as file:
        return file.read()


def contents(folder):
    """Every file below a folder, with its bytes."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            name = os.path.join(path, name)
            if os.path.isfile(name):
                with open(name, "rb") as file:
                    found[name] = file.read()
    return found


def in_no_file(home, *secrets):
    for path, content in contents(home.path).items():
        for secret in secrets:
            assert secret.encode() not in content, "%s holds a secret" % path


def all_is_moved(home, fake, *folders, program="aws-vault", remove="aws-vault remove"):
    """Imports everything; the profiles work, and the other program's folders are as they were."""
    before = [contents(home.at(folder)) for folder in folders]
    results, said = imports(home, "--all", program=program)
    want(results, {**{name: "moved" for name in NAMES}, "note": "passed_over"})
    want_in(remove, said)
    for name in NAMES:
        done = home.rolecall("process", name)
        want(done.returncode, 0, "%s: %s" % (name, done.stderr))
        assert json.loads(done.stdout)["AccessKeyId"] != ID, "the keys themselves were handed out"
    want(len(fake.calls("GetSessionToken")), 1, "sessions of one key")
    in_no_file(home, SECRET, PASSPHRASE)
    want([contents(home.at(folder)) for folder in folders], before)
    written = config(home)
    assert written.startswith("# by hand\n[default]\nregion = eu-west-1\n"), written
    want(written.count("rolecall_access_key_id = " + ID), len(NAMES), written)
    # Once more, and nothing changes.
    imports(home, "--all", program=program)
    want(config(home), written)


def nothing_changes(home, *options, code=1, says="", program="aws-vault", keys=False):
    """`keys`: there are some in our store already."""
    before = config(home)
    _, said = imports(home, *options, code=code, program=program)
    want_in(says, said)
    want(config(home), before)
    want(home.rolecall("keys", "list", "--json").stdout != "[]\n", keys)


@case
def files_of_aws_vault_are_moved():
    with Scene() as (home, fake):
        write(home, "file", items(), FileDir=home.at(".awsvault/keys/"), **VAULT)
        home.env["AWS_VAULT_FILE_PASSPHRASE"] = PASSPHRASE
        all_is_moved(home, fake, ".awsvault")


@case
def files_of_several_passphrases_are_opened_by_the_right_one_only():
    with Scene() as (home, fake):
        folder = home.at("elsewhere")
        write(home, "file", [("dev", credentials())], FileDir=folder, **VAULT)
        write(home, "file", [("ops", credentials())], password="another", FileDir=folder, **VAULT)
        home.env["AWS_VAULT_FILE_DIR"] = "~/elsewhere"
        nothing_changes(home, "dev", code=4, says="the passphrase of ")
        home.env["AWS_VAULT_FILE_PASSPHRASE"] = PASSPHRASE
        nothing_changes(home, "ops", says="is not its passphrase")
        want(imports(home, "--all", code=1)[0], {"dev": "moved", "ops": "failed"})
        home.env["AWS_VAULT_FILE_PASSPHRASE"] = "another"
        want(imports(home, "ops")[0], {"ops": "moved"})


@case
def keys_that_are_refused_or_not_kept_change_nothing():
    with Scene() as (home, fake):
        write(home, "file", [("dev", credentials("AKIANOBODY", "ofNobody")), ("ops", credentials(token="t"))],
              FileDir=home.at(".awsvault/keys"), **VAULT)
        home.env["AWS_VAULT_FILE_PASSPHRASE"] = PASSPHRASE
        nothing_changes(home, "dev", says="does not accept the keys")
        nothing_changes(home, "ops", says="a session")
        write(home, "file", [("dev", credentials())], FileDir=home.at(".awsvault/keys"), **VAULT)
        del home.env["ROLECALL_FILE_PASSPHRASE"]
        nothing_changes(home, "dev", says="could not be kept")
        home.env["ROLECALL_FILE_PASSPHRASE"] = "of our store"
        fake.tell("fault GetCallerIdentity always reset")
        nothing_changes(home, "dev", says="error: ")


@case
def torn_files_change_nothing():
    with Scene() as (home, fake):
        write(home, "file", [("dev", credentials())], FileDir=home.at(".awsvault/keys"), **VAULT)
        home.env["AWS_VAULT_FILE_PASSPHRASE"] = PASSPHRASE
        whole = contents(home.at(".awsvault"))[home.at(".awsvault/keys/dev")].decode()
        parts = whole.split(".")
        swapped = ".".join(parts[:3] + [parts[3][::-1], parts[4]])
        for torn in (whole[:len(whole) // 2], whole[:-1], whole + whole, swapped, "eyJ", "eyJhbGciOiJub25lIn0...."):
            home.write(".awsvault/keys/dev", torn)
            nothing_changes(home, "dev", says="error: %s" % home.at(".awsvault/keys/dev"))


@case
def items_of_the_secret_service_are_moved():
    with Scene() as (home, fake), Desktop(home) as desktop:
        desktop.start_keyring()
        # A collection of its own is made by a dialog only, which nobody answers here.
        write(home, "secret-service", items(), LibSecretCollectionName="login", **VAULT)
        home.env["AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME"] = "login"
        done = subprocess.run(["secret-tool", "store", "--label=x", "service", "other"], input="x", env=home.env, text=True)
        want(done.returncode, 0)
        all_is_moved(home, fake)


@case
def keyring_of_ours_may_be_the_one_that_keys_come_from():
    with Scene() as (home, fake), Desktop(home) as desktop:
        desktop.start_keyring()
        home.env["ROLECALL_STORE"] = "keyring"
        write(home, "secret-service", [("dev", credentials())], LibSecretCollectionName="login", **VAULT)
        home.env["AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME"] = "login"
        want(imports(home, "--all")[0], {"dev": "moved"})
        want(home.rolecall("process", "dev").returncode, 0)
        in_no_file(home, SECRET)


@case
def locked_or_absent_keyring_changes_nothing():
    with Scene() as (home, fake), Desktop(home) as desktop:
        home.env["AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME"] = "login"
        nothing_changes(home, "--all", says="no store of aws-vault was found")
        desktop.start_keyring()
        write(home, "secret-service", [("dev", credentials())], LibSecretCollectionName="login", **VAULT)
        desktop.lock()
        nothing_changes(home, "--all", code=5, says="locked")
        desktop.pause()
        nothing_changes(home, "--all", code=5, says="no answer")
        desktop.resume()
        # Files are looked at where they are chosen.
        write(home, "file", [("dev", credentials())], FileDir=home.at(".awsvault/keys"), **VAULT)
        home.env.update(AWS_VAULT_BACKEND="file", AWS_VAULT_FILE_PASSPHRASE=PASSPHRASE)
        want(imports(home, "--all")[0], {"dev": "moved"})


class Gpg:
    """A key without a passphrase, and the password store of it."""

    def __init__(self, home, folder):
        self.home = home
        home.env.update(GNUPGHOME=home.at(".gnupg"), PASSWORD_STORE_DIR=home.at(folder))
        os.mkdir(home.at(".gnupg"), 0o700)
        self.run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "bob@example.com", "default", "default", "never")
        self.run("pass", "init", "bob@example.com")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("gpgconf", "--kill", "all")

    def run(self, *argv, **more):
        done = self.home.run(*argv, **more)
        want(done.returncode, 0, done.stderr)


@case
def entries_of_pass_are_moved():
    with Scene() as (home, fake), Gpg(home, ".password-store") as gpg:
        write(home, "pass", items(), PassPrefix="vault", PassDir=home.at(".password-store"), **VAULT)
        gpg.run("pass", "insert", "-m", "email", input="a password")
        del home.env["PASSWORD_STORE_DIR"]
        home.env["AWS_VAULT_PASS_PREFIX"] = "vault"
        all_is_moved(home, fake, ".password-store")
        home.env["AWS_VAULT_PASS_CMD"] = "no-such-pass"
        nothing_changes(home, "--all", says="there is no program", keys=True)


@case
def passwords_beside_the_keys_are_not_read():
    with Scene() as (home, fake), Gpg(home, "elsewhere") as gpg:
        write(home, "pass", [("dev", credentials()), ("default", credentials())], PassDir=home.at("elsewhere"), **VAULT)
        gpg.run("pass", "insert", "-m", "email", input="a password")
        home.env["AWS_VAULT_PASS_PASSWORD_STORE_DIR"] = home.at("elsewhere")
        # Only what has the name of a profile is meant by `--all`.
        want(imports(home, "--all")[0], {"default": "moved"})
        want(imports(home, "dev")[0], {"dev": "moved"})
        nothing_changes(home, "email", says="it holds no keys", keys=True)


@case
def keys_of_the_kernels_keyring_are_moved():
    with Scene(stranger()) as (home, fake):
        write(home, "keyctl", items(), KeyCtlScope="user", **VAULT)
        home.run("keyctl", "add", "user", "other", "x", "@u")
        all_is_moved(home, fake)
        home.env["AWS_VAULT_KEYCTL_SCOPE"] = "galaxy"
        nothing_changes(home, "--all", code=3, says="galaxy", keys=True)


GRANTED = {"ServiceName": "granted-aws-iam-credentials"}


@case
def files_of_granted_are_moved_and_its_process_becomes_ours():
    for password in ("", PASSPHRASE):
        with Scene() as (home, fake):
            folder = ".granted/secure-storage-aws-iam-credentials"
            write(home, "file", [(name, data) for name, data in items() if name not in SESSIONS], password=password, FileDir=home.at(folder), **GRANTED)
            if password:
                home.env["CF_KEYRING_FILE_PASSWORD"] = password
            home.write(".granted/config", 'DefaultBrowser = "STDOUT"\n[Keyring]\n  Backend = "file"\n')
            lines = "[profile dev]\nregion = eu-west-1\ncredential_process = %s\n# end"
            before = config(home) + lines
            home.write(".aws/config", before % "granted credential-process --profile=dev")
            all_is_moved(home, fake, folder, program="granted", remove="granted credentials remove")
            want_in("credential_process = rolecall process dev\n", config(home))
            assert "granted" not in config(home), config(home)


@case
def items_of_granted_in_the_secret_service_are_moved():
    with Scene() as (home, fake), Desktop(home) as desktop:
        desktop.start_keyring()
        write(home, "secret-service", [("dev", credentials())], LibSecretCollectionName="login", **GRANTED)
        nothing_changes(home, "dev", says="no store of granted was found", program="granted")
        home.write(".granted/config", '[Keyring]\nLibSecretCollectionName = "login"\n')
        want(imports(home, "--all", program="granted")[0], {"dev": "moved"})
        want(home.rolecall("process", "dev").returncode, 0)
        in_no_file(home, SECRET)


if __name__ == "__main__":
    main()
