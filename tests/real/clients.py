#!/usr/bin/env python3
"""The official clients get their credentials from `rolecall process` as `credential_process`, and show with
GetCallerIdentity whose they are. The stand-in checks each signature and session token."""
import hashlib, json, os, subprocess, sys
from support import FakeAws, HERE, Home, TOOLS, add_case, main, profiles, want, want_in

CLIENTS = ("python", "cli_v1", "cli_v2", "js", "go", "java", "rust")
# Who shows what a failing credential_process wrote to stderr; the others only say that it failed.
SHOW_STDERR = ("python", "cli_v1", "cli_v2", "go", "rust")
PROD_ARN = "arn:aws:sts::222222222222:assumed-role/prod/tester"
DEV_ARN = "arn:aws:sts::111111111111:assumed-role/dev/tester"
MORE = """
[profile external]
credential_process = {bin} process external
rolecall_role_arn = arn:aws:iam::222222222222:role/external
rolecall_source_profile = bob
rolecall_external_id = s3cret:id/1
rolecall_role_session_name = tester
[profile keys]
credential_process = {bin} process bob
[profile refused]
credential_process = {bin} process refused
rolecall_role_arn = arn:aws:iam::222222222222:role/nobody-may
rolecall_source_profile = bob
[profile asks]
credential_process = {bin} process asks
rolecall_role_arn = arn:aws:iam::222222222222:role/mfa
rolecall_source_profile = bob
rolecall_mfa_serial = arn:aws:iam::111111111111:mfa/bob
[profile "with 'blanks' & signs"]
credential_process = {bin} process "with 'blanks' & signs"
rolecall_role_arn = arn:aws:iam::111111111111:role/dev
rolecall_source_profile = bob
rolecall_role_session_name = tester
"""


class Scene:
    def __init__(self):
        self.home, self.fake = Home(), FakeAws()
        profiles(self.home, self.fake, MORE.format(bin=self.home.program), process=True)
        # The file store needs no bus and no kernel keyring, so it is the same everywhere.
        self.home.env.update(ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.fake.__exit__(*error)
        self.home.__exit__(*error)

    def ask(self, client, profile, **more):
        self.fake.clear()
        return self.home.run(os.path.join(HERE, "run_client.sh"), TOOLS, client, env={"AWS_PROFILE": profile}, timeout=120, **more)

    def gives(self, client, profile, arn, calls, **more):
        done = self.ask(client, profile, **more)
        want((done.returncode, done.stdout.strip()), (0, arn), done.stderr[-2000:])
        want(len(self.fake.calls("AssumeRole")), calls, "calls of AssumeRole")
        [asked] = self.fake.calls("GetCallerIdentity")
        want(asked["status"], 200)
        assert asked["key"] != "AKIABOB0000000000000" or calls == 0, "signed by the long-term keys"


def role_chain(client):
    with Scene() as scene:
        scene.gives(client, "prod", PROD_ARN, calls=2)
        scene.gives(client, "prod", PROD_ARN, calls=0)
        # The first hop's session is shared, and not fetched again.
        scene.gives(client, "dev", DEV_ARN, calls=0)


def other_profiles(client):
    with Scene() as scene:
        scene.gives(client, "external", "arn:aws:sts::222222222222:assumed-role/external/tester", calls=1)
        scene.gives(client, "keys", "arn:aws:iam::111111111111:user/bob", calls=0)


def written_session(client):
    """A temporary profile in the credentials file, and `[default]`, for programs that read nothing else."""
    with Scene() as scene:
        for name in ("temp", "default"):
            done = scene.home.rolecall("write", "prod", "--as", name)
            want(done.returncode, 0, done.stderr)
            scene.gives(client, name, PROD_ARN, calls=0)
            want(scene.home.rolecall("write", "--clear", name).returncode, 0)
        done = scene.ask(client, "temp")
        assert done.returncode != 0, "after it was taken out: %r" % done.stdout


def stdin_closed(client):
    with Scene() as scene:
        scene.gives(client, "dev", DEV_ARN, calls=1, stdin=None, preexec_fn=lambda: os.close(0))


def odd_name(client):
    with Scene() as scene:
        scene.gives(client, "with 'blanks' & signs", DEV_ARN, calls=1)


def synced(client):
    """Reads a profile that `rolecall sso sync` made, with the client's own means: nothing in it leads to rolecall."""
    with Scene() as scene:
        with open(scene.home.at(".aws", "config"), "a") as config:
            config.write("[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n")
        token = {"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "sso-token", "expiresAt": "2099-01-01T00:00:00Z"}
        scene.home.write(".aws/sso/cache/%s.json" % hashlib.sha1(b"corp").hexdigest(), json.dumps(token))
        scene.home.env["AWS_ENDPOINT_URL_SSO"] = scene.fake.url
        done = scene.home.rolecall("sso", "sync", "--region", "eu-west-1", "--json")
        want((done.returncode, json.loads(done.stdout)["added"]), (0, ["other.Developer"]), done.stderr)
        arn = "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/tester"
        scene.gives(client, "other.Developer", arn, calls=0)
        want(len(scene.fake.calls("GetRoleCredentials")), 1)


def failure(client):
    with Scene() as scene:
        for profile, parts in (("refused", ("error: ", "profile `refused`", "AccessDenied")), ("asks", ("error: ", "profile `asks`", "MFA"))):
            done = scene.ask(client, profile)
            assert done.returncode != 0, "%s gave %r" % (profile, done.stdout)
            want(done.stdout.strip(), "")
            # rolecall itself asks who was refused, with the long-term keys; the client must not call at all.
            want({call["key"] for call in scene.fake.calls("GetCallerIdentity")} - {"AKIABOB0000000000000"}, set(), "who called")
            if client in SHOW_STDERR:
                for part in parts:
                    want_in(part.lower(), (done.stdout + done.stderr).lower(), client)


for one in CLIENTS:
    for test in (role_chain, other_profiles, written_session, stdin_closed, odd_name, synced, failure):
        # Only botocore reads such a section header, and the client in Java is built without IAM Identity Center.
        left_out = {odd_name: ("js", "go", "java", "rust"), synced: ("java",)}
        if one not in left_out.get(test, ()):
            add_case("%s %s" % (one, test.__name__.replace("_", " ")), lambda one=one, test=test: test(one))
main(at_once=4)
