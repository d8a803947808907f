"""What the tests here share: the program under test, throw-away homes, the stand-in for AWS, and the count."""
import concurrent.futures, json, multiprocessing, os, shutil, socket, subprocess, sys, tempfile, time, traceback, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.path.abspath(os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target"))
BIN = os.path.join(TARGET, "debug", "rolecall")
FAKE = os.path.join(TARGET, "debug", "fake-aws")
TOOLS = os.path.join(TARGET, "real")
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR")

_cases = []


def case(function):
    """Marks a test; its name is the function's."""
    _cases.append((function.__name__.replace("_", " "), function))
    return function


def add_case(name, function):
    _cases.append((name, function))


def main(at_once=1):
    """Runs the tests whose names hold one of the words given, or all; so many at once, each in a process of its own."""
    words, passed, failed = sys.argv[1:], 0, 0
    chosen = [number for number, (name, _) in enumerate(_cases) if not words or any(word in name for word in words)]
    with concurrent.futures.ProcessPoolExecutor(at_once, multiprocessing.get_context("fork")) as pool:
        for good, text in pool.map(_outcome, chosen):
            passed, failed = passed + good, failed + (not good)
            print(text, flush=True)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


def _outcome(number):
    """Runs one test; returns whether it passed, and what to print."""
    name, function = _cases[number]
    started = time.monotonic()
    try:
        function()
        return True, "ok    %s (%.1f s)" % (name, time.monotonic() - started)
    except Exception as error:
        text = "FAIL  %s: %s" % (name, error or type(error).__name__)
        known = isinstance(error, AssertionError) and str(error)
        return False, text if known else text + "\n" + traceback.format_exc().rstrip()


def want(got, wanted, what=""):
    assert got == wanted, "%s%r, not %r" % (what and what + ": ", got, wanted)


def want_in(part, text, what=""):
    assert part in text, "%s%r is not in %r" % (what and what + ": ", part, text)


def want_within(took, seconds, what=""):
    assert took <= seconds, "%stook %.2f s, more than %s s" % (what and what + ": ", took, seconds)


def shares_users_with_host():
    """Whether this is a container whose users are the host's: there the kernel keyring is no store that is taken without being
    chosen. linux/proc_ns.h has the numbers of the first namespaces."""
    def is_first(name, number):
        return os.readlink("/proc/self/ns/" + name) == "%s:[%d]" % (name, number)
    machine = is_first("pid", 4026531836) and is_first("cgroup", 4026531835)
    return is_first("user", 4026531837) and not machine and not os.path.isdir("/run/WSL")


# The kernel keeps the keys of a user, so each test that counts them takes a user nobody was before. (In a container process numbers
# are the same again and again.)
_next_user = 100_000 + int.from_bytes(os.urandom(3), "big") * 64


def stranger():
    global _next_user
    _next_user += 1
    return _next_user


class Home:
    """A home of its own, gone when the `with` block ends. Nothing of the caller's environment but the path gets in."""

    def __init__(self, user=None):
        self.user = user
        self.path = tempfile.mkdtemp(prefix="rolecall-real-")
        self.env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.env.update(HOME=self.path, XDG_RUNTIME_DIR=self.at("run"), USER="tester", NO_COLOR="1", AWS_EC2_METADATA_DISABLED="true")
        os.mkdir(self.at("run"), 0o700)
        self.program = BIN
        if user is not None:
            # The checkout may be where other users cannot look.
            self.program = shutil.copy(BIN, self.at("rolecall"))
            as_root("chown", "-R", "%d:65534" % user, self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Its own sessions only: others of this user may run at the same time.
        for name in self.indexed() if self.user is None else []:
            subprocess.run(["keyctl", "purge", "user", "rolecall:" + name], capture_output=True)
        if self.user is not None:
            subprocess.run(as_user(self.user) + ["keyctl", "clear", "@u"], capture_output=True)
            as_root("rm", "-rf", self.path)
        shutil.rmtree(self.path, ignore_errors=True)

    def indexed(self):
        """The names of the sessions that are kept, as the index has them, wherever the state folder is."""
        names = set()
        for folder, _, files in os.walk(self.path):
            if os.path.basename(folder) == "rolecall" and "index.json" in files:
                try:
                    with open(os.path.join(folder, "index.json")) as file:
                        names.update(json.load(file))
                except (OSError, ValueError):
                    pass
        return names

    def at(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, text, mode=0o600):
        path = self.at(name)
        if self.user is not None and os.getuid() != 0:
            as_root("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "-", path, text=text)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.chmod(path, mode)
        if self.user is not None:
            as_root("chown", "-R", "%d:65534" % self.user, self.path)
        return path

    def run(self, *argv, env=None, timeout=60, **more):
        """Runs a program as this home's user, without a terminal; the answer also has `took`."""
        argv = list(argv)
        if self.user is not None:
            argv = as_user(self.user) + argv
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        started = time.monotonic()
        done = subprocess.run(argv, env={**self.env, **(env or {})}, cwd=self.path, capture_output=True, text=True,
                              errors="replace", timeout=timeout, start_new_session=True, **more)
        done.took = time.monotonic() - started
        return done

    def rolecall(self, *arguments, **more):
        return self.run(self.program, *arguments, **more)

    def key(self, *arguments, **more):
        """The access key that `rolecall process` prints."""
        done = self.rolecall("process", *arguments, **more)
        want(done.returncode, 0, "rolecall process %s: %s" % (" ".join(arguments), done.stderr))
        return json.loads(done.stdout)["AccessKeyId"]


def sudo():
    if os.getuid() == 0:
        return []
    assert subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0, "this test needs root or sudo"
    return ["sudo", "-n"]


def as_root(*argv, text=None):
    subprocess.run(sudo() + list(argv), check=True, input=text, text=True, stdout=subprocess.DEVNULL)


def as_user(number):
    keep = ["--preserve-env"] if os.getuid() != 0 else []
    return sudo() + keep + ["setpriv", "--clear-groups", "--reuid=%d" % number, "--regid=65534", "--"]


class Server:
    """A server that another project wrote, on a free port. It is there once a path answers."""

    def __init__(self, command, path, **more):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % port
        command = [word.replace("{port}", str(port)) for word in command]
        # Its log goes to the test's own, for when something fails.
        self.process = subprocess.Popen(command, stdout=sys.stdout, stderr=subprocess.DEVNULL, **more)
        end = time.monotonic() + 60
        while True:
            try:
                return urllib.request.urlopen(self.url + path).close()
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "%s did not start" % command[0]
                time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class FakeAws:
    """The strict stand-in: it checks signatures, sessions, trust and MFA (see tests/fake-aws/src/main.rs for its world)."""

    def __init__(self):
        self.process = subprocess.Popen([FAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._answer()[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def _answer(self):
        lines = []
        for line in self.process.stdout:
            if line == "ok\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("the stand-in has ended")

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._answer()

    def calls(self, operation=None):
        """The calls since the last `clear`, as objects."""
        calls = [json.loads(line) for line in self.tell("calls")]
        return [call for call in calls if operation in (None, call["operation"])]

    def clear(self):
        self.tell("clear")

    def code(self):
        return self.tell("code")[0]


BASE = "[bob]\naws_access_key_id = AKIABOB0000000000000\naws_secret_access_key = bobs/secret+key\n"
DEV = "arn:aws:iam::111111111111:role/dev"
PROD = "arn:aws:iam::222222222222:role/prod"


def profiles(home, fake, extra="", process=False):
    """Writes profiles: `dev` assumes a role, `prod` one more through it. With `process`, SDKs get them through rolecall."""
    text = "[default]\nregion = eu-west-1\n"
    for name, arn, source in (("dev", DEV, "bob"), ("prod", PROD, "dev")):
        text += "[profile %s]\nregion = eu-west-1\nrolecall_role_arn = %s\nrolecall_source_profile = %s\n" % (name, arn, source)
        text += "rolecall_role_session_name = tester\n"
        text += "credential_process = %s process %s\n" % (home.program, name) if process else ""
    home.write(".aws/config", text + extra)
    home.write(".aws/credentials", BASE)
    home.env["AWS_ENDPOINT_URL_STS"] = fake.url
