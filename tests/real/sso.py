#!/usr/bin/env python3
"""One login of IAM Identity Center serves rolecall, AWS CLI 2 and the SDKs, whether rolecall or the CLI made it; a real browser comes
back to rolecall's page; and botocore's models of the services know what rolecall asks for."""
import glob, json, os, shutil, struct, sys, time, zlib
from support import FakeAws, HERE, Home, TOOLS, add_case, case, main, want, want_in

CLIENTS = ("python", "cli_v2", "js", "go", "rust")
ACCOUNT, ROLE = "222222222222", "Developer"
ARN = "arn:aws:sts::%s:assumed-role/AWSReservedSSO_%s_0123456789abcdef/tester" % (ACCOUNT, ROLE)
CONFIG = """[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
[profile dev]
sso_session = corp
sso_account_id = %s
sso_role_name = %s
region = eu-west-1
""" % (ACCOUNT, ROLE)
PYTHON = os.path.join(TOOLS, "python", "venv", "bin", "python")
CLI = (os.path.join(TOOLS, "cli_v2", "venv", "bin", "python"), "-m", "awscli")
# AWS CLI 2 waits for the browser to end, and listens only then.
BROWSER = """#!%s
import os, sys, urllib.request
if os.fork() == 0:
    with urllib.request.urlopen(sys.argv[1], timeout=60) as page, open(os.environ["HOME"] + "/page", "wb") as file:
        file.write(page.read())
""" % sys.executable
# The light background of the page's style, and the dark one.
BACKGROUNDS = {"light": (0xf6, 0xf7, 0xf9), "dark": (0x16, 0x18, 0x1d)}
CHROMIUM = """#!/bin/sh
chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions \\
    --blink-settings=preferredColorScheme={scheme} --window-size=1000,600 --user-data-dir="$HOME/chromium" \\
    --screenshot="$HOME/page.png" --dump-dom "$1" >"$HOME/page" 2>"$HOME/chromium.log"
echo $? >"$HOME/chromium.new" && mv "$HOME/chromium.new" "$HOME/chromium.status"
"""
# Each way to log in: rolecall's options, and those of AWS CLI 2.
WAYS = {"code": (("--port", "0"), ()), "device": (("--use-device-code",), ("--use-device-code", "--no-browser"))}


class Scene:
    def __init__(self):
        self.home, self.fake = Home(), FakeAws()
        self.home.write(".aws/config", CONFIG)
        self.home.env.update(ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass", BROWSER=self.home.write("browser", BROWSER, 0o700))
        for service in ("SSO", "SSO_OIDC", "STS"):
            self.home.env["AWS_ENDPOINT_URL_" + service] = self.fake.url

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.fake.__exit__(*error)
        self.home.__exit__(*error)

    def succeeds(self, *argv, **more):
        done = self.home.run(*argv, **more)
        want(done.returncode, 0, "%s: %s" % (" ".join(argv), (done.stdout + done.stderr)[-2000:]))
        return done.stdout

    def rolecall(self, *words):
        return self.succeeds(self.home.program, *words)

    def aws(self, *words):
        return self.succeeds(*CLI, *words, env={"AWS_PAGER": ""})

    def log_in(self, way):
        return self.rolecall("sso", "login", "corp", *WAYS[way][0])

    def aws_log_in(self, way):
        return self.aws("sso", "login", "--sso-session", "corp", *WAYS[way][1])

    def token(self):
        """The token's file, of which there is one. A registration of the CLI has no access token."""
        found = []
        for path in glob.glob(self.home.at(".aws", "sso", "cache", "*.json")):
            with open(path) as file:
                found += [content for content in [json.load(file)] if "accessToken" in content]
        [token] = found
        return token

    def client(self, name):
        return self.home.run(os.path.join(HERE, "run_client.sh"), TOOLS, name, env={"AWS_PROFILE": "dev"}, timeout=120)

    def is_tester(self, client):
        done = self.client(client)
        want((done.returncode, done.stdout.strip()), (0, ARN), done.stderr[-2000:])

    def grants(self):
        """The grants by which tokens were made since the last `clear`."""
        return [call["params"]["grantType"] for call in self.fake.calls("CreateToken") if call["status"] == 200]


def token_of_rolecall(client, way):
    """The client uses a token that rolecall made, renews it, and rolecall goes on with what it left."""
    with Scene() as scene:
        scene.log_in(way)
        scene.fake.clear()
        scene.is_tester(client)
        want((len(scene.fake.calls("GetRoleCredentials")), scene.grants()), (1, []))

    with Scene() as scene:
        # All renew a token that has two minutes left, but Go one that has ended.
        seconds = 1 if client == "go" else 120
        scene.fake.tell("token-seconds %d" % seconds)
        scene.log_in(way)
        time.sleep(2 if client == "go" else 0)
        before = scene.token()
        scene.fake.tell("token-seconds 28800")
        scene.fake.clear()
        scene.is_tester(client)
        want(scene.grants(), ["refresh_token"])
        after = scene.token()
        assert before["accessToken"] != after["accessToken"], "the client kept no new token"
        scene.fake.clear()
        scene.rolecall("process", "dev")
        want((scene.grants(), scene.token()), ([], after))
        want(scene.fake.calls("GetRoleCredentials")[0]["headers"]["x-amz-sso_bearer_token"], after["accessToken"])


for one in CLIENTS:
    for how in WAYS:
        add_case("%s uses token of rolecall by %s" % (one, how), lambda one=one, how=how: token_of_rolecall(one, how))


def token_of_aws_cli(way):
    """rolecall uses a token that AWS CLI 2 made, renews it, and logs out; the CLI goes on with what it left."""
    with Scene() as scene:
        scene.fake.tell("token-seconds 120")
        scene.aws_log_in(way)
        made = scene.token()
        scene.fake.tell("token-seconds 28800")
        scene.fake.clear()
        scene.rolecall("process", "dev")
        want(scene.grants(), ["refresh_token"])
        renewed = scene.token()
        assert renewed["accessToken"] != made["accessToken"], "rolecall kept no new token"
        want(set(made) - set(renewed), set(), "members of the CLI that are gone")
        scene.fake.clear()
        scene.is_tester("cli_v2")
        want(scene.grants(), [])
        scene.rolecall("sso", "logout", "corp")
        [call] = scene.fake.calls("Logout")
        want((call["status"], call["headers"]["x-amz-sso_bearer_token"]), (200, renewed["accessToken"]))
        scene.fake.clear()
        done = scene.client("python")
        assert done.returncode != 0, "after the logout: %r" % done.stdout
        done = scene.home.rolecall("process", "dev")
        want(done.returncode, 4, done.stderr)


for how in WAYS:
    add_case("rolecall uses token of aws cli by %s" % how, lambda how=how: token_of_aws_cli(how))


@case
def aws_cli_lists_and_logs_out_with_token_of_rolecall():
    with Scene() as scene:
        scene.log_in("code")
        given = ("--access-token", scene.token()["accessToken"], "--region", "eu-west-1", "--query")
        want(json.loads(scene.aws("sso", "list-accounts", *given, "accountList[].accountId")), [ACCOUNT])
        roles = scene.aws("sso", "list-account-roles", "--account-id", ACCOUNT, *given, "roleList[].roleName")
        want(json.loads(roles), [ROLE])
        scene.rolecall("process", "dev")
        scene.aws("sso", "logout")
        want([call["status"] for call in scene.fake.calls("Logout")], [200])
        scene.fake.clear()
        done = scene.home.rolecall("whoami", "dev", "--refresh")
        want(done.returncode, 4, done.stderr)


@case
def models_of_botocore_know_every_request():
    with Scene() as scene:
        scene.log_in("code")
        scene.log_in("device")
        scene.rolecall("sso", "accounts", "corp")
        scene.rolecall("sso", "roles", "corp")
        scene.fake.tell("token-seconds 120")
        scene.log_in("code")
        scene.rolecall("process", "dev")
        scene.rolecall("sso", "logout", "corp")
        calls = [call for call in scene.fake.calls() if call["service"] in ("sso", "sso-oidc") and call["operation"] != "Authorize"]
        asked = {call["operation"] for call in calls}
        want(asked, {"RegisterClient", "StartDeviceAuthorization", "CreateToken", "ListAccounts", "ListAccountRoles",
                     "GetRoleCredentials", "Logout"})
        models = os.path.join(HERE, "service_models.py")
        want(scene.succeeds(PYTHON, models, input=json.dumps(calls)), "")
        # The witness sees what is wrong.
        [first, *_] = calls
        wrong = [{**first, "params": {**first["params"], "clientNames": "x"}}, {**first, "params": {}}]
        said = scene.succeeds(PYTHON, models, input=json.dumps(wrong))
        for part in ("clientNames", "Missing required parameter"):
            want_in(part, said)


def first_pixel(path):
    """Red, green and blue of the upper left corner of a PNG: no filter changes that pixel."""
    with open(path, "rb") as file:
        data = file.read()
    want(data[:8], b"\x89PNG\r\n\x1a\n")
    at, pixels = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        pixels += data[at + 8:at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    return tuple(zlib.decompress(pixels)[1:4])


def page_in_chromium(scheme, browser, status, words):
    with Scene() as scene:
        scene.fake.tell("browser " + browser)
        script = CHROMIUM.format(scheme={"dark": 0, "light": 1}[scheme])
        scene.home.env["BROWSER"] = scene.home.write("browser", script, 0o700)
        done = scene.home.rolecall("sso", "login", "corp", *WAYS["code"][0])
        # Chromium draws the page after rolecall has ended.
        ended, begin = scene.home.at("chromium.status"), time.monotonic()
        while not os.path.exists(ended) and time.monotonic() < begin + 60:
            time.sleep(0.1)
        with open(scene.home.at("chromium.log")) as file:
            log = file.read()
        want(done.returncode, status, done.stderr + log[-2000:])
        with open(scene.home.at("page")) as file:
            page = file.read()
        for word in words:
            want_in(word, page)
        picture = scene.home.at("page.png")
        # A person may look at it.
        shutil.copy(picture, os.path.join(TOOLS, "log", "sso-%s-%s.png" % (browser.split()[0], scheme)))
        # The page's policy lets its style through, which follows the desktop.
        want(first_pixel(picture), BACKGROUNDS[scheme], "background")
        want(len(scene.fake.calls("Authorize")), 1)
        if status == 0:
            scene.is_tester("python")


for one in BACKGROUNDS:
    for sitting, code, texts in (
        ("agrees tester", 0, ("<h1>Signed in</h1>", "corp", "You may close this window")),
        ("refuses Ann <is> away", 4, ("<h1>Not signed in</h1>", "Ann &lt;is&gt; away")),
    ):
        add_case("chromium %s page of who %s" % (one, sitting.split()[0]),
                 lambda one=one, sitting=sitting, code=code, texts=texts: page_in_chromium(one, sitting, code, texts))
main(at_once=4)
