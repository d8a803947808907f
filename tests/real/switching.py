#!/usr/bin/env python3
"""`rolecall use` in real interactive shells, each on a terminal of tmux: the shell side installed by its line, switching, going back,
clearing, renewing before a prompt, passing everything else through, starting clean; and hostile names and values, none of which runs."""
import contextlib, json, os, subprocess, time
from hostile import CANARY, NAME, VALUES
from support import BIN, DEV, FakeAws, Home, PROD, ROOT, TOOLS, add_case, main, profiles, want, want_in
from terminal import PROMPT, Terminal, lines

LIBFAKETIME = next((path for path in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1")
                    if os.path.exists(path)), None)
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OWN = ("ROLECALL_PROFILE", "ROLECALL_SHELL", "ROLECALL_USE", "ROLECALL_PREVIOUS", "ROLECALL_BEFORE", "ROLECALL_RENEW_AT", "ROLECALL_KEY_ID", "ROLECALL_INIT")


class Bash:
    name, argv, nested = "bash", ["bash", "--rcfile", ".rc"], "bash --rcfile .rc"
    rc, install, prompted = ".rc", 'eval "$(rolecall init bash)"\n', 'eval "$(rolecall init bash --prompt)"\n'
    before = "PS1='@> '\nHISTFILE=\n"
    status, set = "echo status=$?", "export %s=%s"
    quote = staticmethod(lambda text: "'%s'" % text.replace("'", "'\\''"))
    fail, caught, once = "false", None, None


class Zsh(Bash):
    name, argv, nested = "zsh", ["zsh"], "zsh"
    rc, install, prompted = ".zshrc", 'eval "$(rolecall init zsh)"\n', 'eval "$(rolecall init zsh --prompt)"\n'
    before = "PROMPT='@> '\nunsetopt prompt_sp\n"


class Fish(Bash):
    name, argv, nested = "fish", ["fish"], "fish"
    rc, install, prompted = "config/fish/config.fish", "rolecall init fish | source\n", "rolecall init fish --prompt | source\n"
    before = "function fish_prompt\n echo -n '@> '\nend\nset -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n"
    status, set = "echo status=$status", "set -gx %s %s"
    quote = staticmethod(lambda text: "'%s'" % text.replace("\\", "\\\\").replace("'", "\\'"))


class Elvish(Bash):
    name, argv, nested = "elvish", ["elvish"], "elvish"
    rc, install, prompted = "config/elvish/rc.elv", "eval (rolecall init elvish | slurp)\n", "eval (rolecall init elvish --prompt | slurp)\n"
    before = "set edit:prompt = { print '@> ' }\nset edit:rprompt = { }\n"
    caught, set = "try { %s; echo status=0 } catch e { echo status=$e[reason][exit-status] }", "set-env %s %s"
    quote = staticmethod(lambda text: "'%s'" % text.replace("'", "''"))
    fail = None


class Nushell(Bash):
    name, argv, nested = "nushell", ["nu"], "nu"
    rc, install, prompted = "config/nushell/config.nu", None, None
    before = "$env.config.show_banner = false\n$env.PROMPT_COMMAND = {|| ''}\n$env.PROMPT_COMMAND_RIGHT = {|| ''}\n$env.PROMPT_INDICATOR = '@> '\n"
    # What the line that is to be run once does.
    once = "config/nushell/autoload/rolecall.nu"
    status, set, fail = "print $\"status=($env.LAST_EXIT_CODE)\"", "$env.%s = %s", "^false"
    quote = staticmethod(lambda text: "r######'%s'######" % text)


SHELLS = [Bash, Zsh, Fish, Elvish, Nushell]


def with_file(shell, ending):
    """The shell with the shell side from the files that packages ship."""
    line = ("eval (slurp < %s)\n" if shell is Elvish else "source %s\n") % os.path.join(ROOT, "packaging", "shell", "%s." + ending)
    return type(shell.name + "File", (shell,), {"install": line % "rolecall", "prompted": line % "rolecall-prompt", "once": None})


WITH_FILES = [with_file(*pair) for pair in ((Bash, "bash"), (Zsh, "zsh"), (Fish, "fish"), (Elvish, "elv"), (Nushell, "nu"))]


class World:
    """A home with the shell's files, the stand-in for AWS, and the shell on its terminal."""

    def __init__(self, shell, prompt=False, config="", process=False, before="", argv=None, columns=160, **env):
        self.shell, self.home, self.fake = shell, Home(), FakeAws()
        home = self.home
        profiles(home, self.fake, config, process)
        home.env.update(LC_ALL="C.UTF-8", XDG_CONFIG_HOME=home.at("config"), XDG_DATA_HOME=home.at("data"), XDG_STATE_HOME=home.at("state"),
                        ROLECALL_STORE="keyutils", SHELL="/bin/bash", AWS_REGION="us-west-2", USER="t%d" % os.getpid(), **env)
        home.env.pop("NO_COLOR", None)
        home.env["PATH"] = ":".join([home.at("bin"), TOOLS + "/nushell/node_modules/.bin", home.env["PATH"]])
        os.mkdir(home.at("bin"))
        os.symlink(BIN, home.at("bin/rolecall"))
        home.write("bin/dump", "#!/bin/sh\nexec cat /proc/self/environ >%s/dump\n" % home.path, 0o755)
        home.write("bin/arguments", "#!/usr/bin/env python3\nimport json, sys\njson.dump(sys.argv[1:], open(%r, 'w'))\nsys.exit(7)\n" % home.at("arguments"), 0o755)
        home.write("bin/both", "#!/bin/sh\nread line\necho \"out $line\"\necho \"err $line\" >&2\n", 0o755)
        if shell.once:
            home.write(shell.once, home.rolecall("init", shell.name, *(["--prompt"] if prompt else [])).stdout)
        home.write(shell.rc, shell.before + before + ((shell.prompted if prompt else shell.install) or ""))
        self.columns, self.argv = columns, argv or shell.argv

    def __enter__(self):
        self.terminal = Terminal(self.home, self.argv, self.columns)
        return self

    def __exit__(self, *error):
        self.terminal.__exit__()
        self.fake.__exit__()
        self.home.__exit__()

    def run(self, line, **more):
        return self.terminal.run(line, **more)

    def tried(self, line):
        """The exit code of a line, and what it showed."""
        screen = self.run(self.shell.caught % line if self.shell.caught else line)
        shown = screen if self.shell.caught else self.run(self.shell.status, clear=False)
        return int(shown.rpartition("status=")[2].split()[0]), screen

    def pick(self, keys):
        """Chooses from the list by what is typed, or leaves it."""
        self.terminal.clear()
        self.terminal.type("rolecall use")
        self.terminal.wait(lambda screen: "esc leave" in screen, "the list")
        if keys == "Escape":
            self.terminal.key(keys)
        else:
            self.terminal.type(keys)
        self.terminal.wait(lambda screen: "esc leave" not in screen and PROMPT.match(lines(screen)[-1]), "the end of the list")

    def environment(self):
        if os.path.exists(self.home.at("dump")):
            os.remove(self.home.at("dump"))
        self.run("dump")
        with open(self.home.at("dump"), "rb") as file:
            pairs = [pair.partition(b"=") for pair in file.read().split(b"\0")]
        return {name.decode(): value.decode("utf-8", "surrogateescape") for name, _, value in pairs if name}

    def clean(self, env, what):
        for name in KEYS + OWN + ("AWS_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION"):
            if name != "ROLECALL_PREVIOUS":
                want(env.get(name), None, "%s: %s" % (what, name))
        want(env.get("AWS_REGION"), "us-west-2", what)

    def held(self, env, profile, role=None):
        """The shell holds keys of a profile, as whom AWS knows its role's session."""
        want(env.get("ROLECALL_PROFILE"), profile)
        assert env.get("AWS_CREDENTIAL_EXPIRATION"), env
        done = self.home.rolecall("whoami", "--json", env={name: env.get(name, "") for name in KEYS})
        want(done.returncode, 0, done.stderr)
        want_in(":assumed-role/%s/tester" % (role or profile), json.loads(done.stdout)["arn"])
        for name in ("AWS_PROFILE", "AWS_SECURITY_TOKEN"):
            want(env.get(name), None, name)


def switching(shell):
    with World(shell) as world:
        status, screen = world.tried("rolecall use prod")
        want_in("info: prod (222222222222, us-west-2, 59m left)", screen)
        want(status, 0)
        first = world.environment()
        world.held(first, "prod")
        assert first["ROLECALL_RENEW_AT"].isdigit() and first["ROLECALL_SHELL"].isdigit() and "ROLECALL_INIT" not in first, first
        world.run("rolecall use --quiet dev")
        world.held(world.environment(), "dev")
        world.run("rolecall -q use -" if shell.once else "rolecall -q --color never use -")
        world.held(world.environment(), "prod")
        status, screen = world.tried("rolecall use nosuch")
        want_in("error: profile `nosuch` is in neither", screen)
        want(status, 3)
        world.held(world.environment(), "prod")
        for keys, chosen in (("dev", "dev"), ("Escape", "dev"), ("prod", "prod")):
            world.pick(keys)
            world.held(world.environment(), chosen)
        status, screen = world.tried("rolecall use --help")
        want_in("Scope the session down to AWS's ReadOnlyAccess", screen)
        want(status, 0)
        want(world.run("rolecall use --off"), "")
        world.clean(world.environment(), "off")
        world.run("rolecall use -")
        world.held(world.environment(), "prod")
        world.run("rolecall use -")
        world.clean(world.environment(), "back to nothing")
        # What was narrowed is narrowed again.
        world.run("rolecall use prod --duration 20m")
        world.run("rolecall use dev")
        world.run("rolecall use -")
        want(json.loads(world.environment()["ROLECALL_USE"]), {"profile": "prod", "role": {"duration": 1200}})


def by_name(shell):
    with World(shell, process=True, config="[profile keys]\nrole_arn = %s\nsource_profile = bob\nrole_session_name = tester\nregion = eu-central-1\n" % DEV) as world:
        world.run("rolecall use keys")
        world.held(world.environment(), "keys", "dev")
        world.run("rolecall use prod")
        env = world.environment()
        want((env.get("AWS_PROFILE"), env.get("ROLECALL_PROFILE"), env.get("AWS_REGION")), ("prod", "prod", "us-west-2"))
        for name in KEYS + ("AWS_CREDENTIAL_EXPIRATION", "ROLECALL_RENEW_AT", "AWS_DEFAULT_PROFILE"):
            want(env.get(name), None, name)
        world.run("rolecall use -")
        world.held(world.environment(), "keys", "dev")
        world.run("rolecall use --off")
        world.clean(world.environment(), "off")


def asking(shell):
    guarded = "[profile guarded]\nregion = eu-west-1\nrole_arn = arn:aws:iam::222222222222:role/mfa\nsource_profile = bob\n"
    guarded += "role_session_name = tester\nmfa_serial = arn:aws:iam::111111111111:mfa/bob\n"
    with World(shell, config=guarded) as world:
        world.run("rolecall use --quiet prod")
        world.terminal.clear()
        world.terminal.type("rolecall use --quiet guarded")
        world.terminal.wait(lambda screen: "code" in screen.lower().split("\n", 1)[1], "the question")
        world.terminal.key("C-c")
        world.terminal.wait(lambda screen: PROMPT.match(lines(screen)[-1]), "the prompt after Ctrl-C")
        want(world.environment()["ROLECALL_PROFILE"], "prod")
        world.terminal.clear()
        world.terminal.type("rolecall use --quiet guarded")
        world.terminal.wait(lambda screen: "code" in screen.lower().split("\n", 1)[1], "the question")
        world.terminal.type(world.fake.code())
        world.terminal.wait(lambda screen: PROMPT.match(lines(screen)[-1]), "the prompt after the code")
        world.held(world.environment(), "guarded", "mfa")


def passing_through(shell):
    arguments = ["", "a b", "*", "?", "[a-z]", "~", "$HOME", "'", '"', "\\", "a\\", "-n", "--", "use", "use -", "{a,b}", "%s", "#", ";", "&", "|", "é", "=x", "(", "!x"]
    arguments += ["a\nb"] if shell.name not in ("zsh", "bash", "fish", "elvish", "nushell") else []
    with World(shell) as world:
        typed = " ".join(shell.quote(argument) for argument in arguments)
        want(world.tried("rolecall exec prod -- arguments " + typed)[0], 7)
        with open(world.home.at("arguments")) as file:
            want(json.load(file), arguments)
        want(sorted(world.run("echo hello | rolecall exec prod -- both").split("\n")), ["err hello", "out hello"])
        status, screen = world.tried("rolecall --color never explain nosuch")
        want_in("error: profile `nosuch`", screen)
        want(status, 3)
        want_in("Options:", world.run("rolecall prompt --help"))
        assert not shell.fail or world.tried(shell.fail)[0] == 1, "the hook changes the status"


def starting_clean(shell):
    with World(shell) as world:
        world.run("rolecall use prod")
        key = world.environment()["AWS_ACCESS_KEY_ID"]
        world.run(shell.nested)
        inner = world.environment()
        world.clean(inner, "a shell below")
        want(json.loads(inner["ROLECALL_PREVIOUS"]), {"profile": "prod"})
        world.run("rolecall use dev")
        world.held(world.environment(), "dev")
        world.run("exit")
        want(world.environment()["AWS_ACCESS_KEY_ID"], key)
        world.run("rolecall use --keep dev")
        world.run(shell.nested)
        world.held(world.environment(), "dev")
        world.run("exit")
        # What `exec` and `shell` give stays, whatever the shell around it has.
        world.run("rolecall exec prod -- " + shell.nested)
        env = world.environment()
        world.held(env, "prod")
        for name in ("ROLECALL_SHELL", "ROLECALL_USE", "ROLECALL_RENEW_AT", "ROLECALL_PREVIOUS"):
            want(env.get(name), None, name)
        world.run("exit")
        world.held(world.environment(), "dev")


OWN_CLOCK = ("bash", "elvish", "nushell")


def renewing(shell):
    assert LIBFAKETIME, "libfaketime is not there"
    with Home() as place, contextlib.ExitStack() as ends:
        clock = place.write("clock", "+0\n")
        faked = dict(LD_PRELOAD=LIBFAKETIME, FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")

        # The processes share memory that goes with the one that made it: make it in one that outlives them all.
        keeper = subprocess.Popen(["sleep", "600"], env={**os.environ, **faked})
        ends.callback(keeper.wait)
        ends.callback(keeper.kill)
        until = time.monotonic() + 30
        while not os.path.exists("/dev/shm/sem.faketime_sem_%d" % keeper.pid) or not os.path.exists("/dev/shm/faketime_shm_%d" % keeper.pid):
            assert time.monotonic() < until, "libfaketime has no memory"
            time.sleep(0.01)
        faked["FAKETIME_SHARED"] = "/faketime_sem_%d /faketime_shm_%d" % (keeper.pid, keeper.pid)

        def later(world, seconds):
            world.fake.tell("offset %d" % seconds)
            place.write("clock", "%+d\n" % seconds)

        with World(shell, **faked) as world:
            world.run("rolecall use prod --duration 15m")
            first = world.environment()
            world.fake.clear()
            world.run("")
            want(world.fake.calls(), [], "nothing is due")
            later(world, 800)
            if shell.name in OWN_CLOCK:
                # These do not, or not always, ask the C library for the time.
                world.run(shell.set % ("ROLECALL_RENEW_AT", shell.quote("1")))
            if shell.fail:
                status, screen = world.tried(shell.fail)
                want((status, screen), (1, ""), "renewed in silence, with the status kept")
            else:
                want(world.run(""), "", "renewed in silence")
            second = world.environment()
            assert second["AWS_ACCESS_KEY_ID"] != first["AWS_ACCESS_KEY_ID"], "no new key"
            want(second["ROLECALL_PROFILE"], "prod")
            want(json.loads(second["ROLECALL_USE"]), {"profile": "prod", "role": {"duration": 900}})
            assert int(second["ROLECALL_RENEW_AT"]) >= int(first["ROLECALL_RENEW_AT"]) + 800 or shell.name in OWN_CLOCK, second
            # A failure keeps what there is, and is tried again later; after the end it is said once.
            world.fake.tell("fault AssumeRole 50 reset")
            later(world, 1600)
            if shell.name in OWN_CLOCK:
                world.run(shell.set % ("ROLECALL_RENEW_AT", shell.quote("1")))
            world.run("")
            third = world.environment()
            want(third["AWS_ACCESS_KEY_ID"], second["AWS_ACCESS_KEY_ID"])
            assert int(third["ROLECALL_RENEW_AT"]) > int(second["ROLECALL_RENEW_AT"]), third


def not_renewing(shell):
    """A renewal that does not come about (no program, broken settings, Ctrl-C) is tried again two minutes later, not before each prompt."""
    with World(shell, prompt=True) as world:
        program = world.home.at("bin/rolecall")

        def due():
            world.run(shell.set % ("ROLECALL_RENEW_AT", shell.quote("1")))

        def put_off():
            env = world.environment()
            want(abs(int(env["ROLECALL_RENEW_AT"]) - time.time() - 120) < 60, True, env["ROLECALL_RENEW_AT"])
            want((env["ROLECALL_PROFILE"], env["AWS_ACCESS_KEY_ID"]), ("prod", key))

        world.run("rolecall use --quiet prod")
        key = world.environment()["AWS_ACCESS_KEY_ID"]
        # Typed in full, the program is where the shell has seen it.
        world.run("rolecall list")
        os.rename(program, program + ".away")
        due()
        want([world.run(""), world.run("")], ["", ""], "without a program")
        put_off()
        os.rename(program + ".away", program)
        world.home.write("config/rolecall/settings.ini", "min_ttl = banana\n")
        due()
        world.terminal.clear()
        want([world.run(""), world.run("")], ["", ""], "with broken settings, after the first time")
        put_off()
        os.rename(program, program + ".away")
        world.home.write("bin/rolecall", "#!/bin/sh\n[ \"$2\" = --renew ] || exit 1\necho once >>%s\nexec sleep 60\n" % world.home.at("tries"), 0o755)
        world.terminal.clear()
        world.terminal.type(shell.set % ("ROLECALL_RENEW_AT", shell.quote("1")))
        until = time.monotonic() + 20
        while not os.path.exists(world.home.at("tries")):
            assert time.monotonic() < until, "no renewal:\n" + world.terminal.screen()
            time.sleep(0.05)
        world.terminal.key("C-c")
        world.terminal.wait(lambda screen: PROMPT.match(lines(screen)[-1]), "the prompt after Ctrl-C", 20)
        want([world.run(""), world.run("")], ["", ""], "after Ctrl-C")
        put_off()
        with open(world.home.at("tries")) as file:
            want(file.read(), "once\n")


def hostile(shell):
    sets = [(VALUES[i], VALUES[(i + 1) % len(VALUES)], VALUES[(i + 2) % len(VALUES)]) for i in range(0, len(VALUES), 3)]
    names = {"h%d" % number: values for number, values in enumerate(sets)}
    for name in (NAME, "-x", "%n%m", "!!", "use", "-", "é日本 😀", "$(touch %s)" % CANARY, "`touch %s`" % CANARY, "\\u\\h", "'; touch %s; '" % CANARY):
        names[name] = ("AKIA", "s", "t")
    config = ""
    with World(shell, prompt=True, columns=400) as world:
        for number, (name, values) in enumerate(names.items()):
            printed = dict(zip(("AccessKeyId", "SecretAccessKey", "SessionToken"), values), Version=1, Expiration="2099-01-02T03:04:05Z")
            file = world.home.write("json/%d" % number, json.dumps(printed))
            config += "[profile \"%s\"]\nregion = eu-west-1\ncredential_process = cat %s\n" % (name, file)
        world.home.write(".aws/config", config)
        bad = []
        for name, values in names.items():
            world.run("rolecall use --quiet " + shell.quote("--profile=" + name))
            env = world.environment()
            wanted = dict(zip(KEYS, values), ROLECALL_PROFILE=name)
            bad += ["%s: %s is %r, not %r" % (name, key, env.get(key), value) for key, value in wanted.items() if env.get(key) != value]
            if os.path.exists(world.home.at(CANARY)):
                bad.append("%s: CODE RAN" % name)
                os.remove(world.home.at(CANARY))
        world.run("rolecall use --off")
        world.clean(world.environment(), "off")
        assert not bad, "\n        ".join(["%d problems" % len(bad), *bad[:12]])


def prompting(shell):
    with World(shell, prompt=True) as world:
        world.home.write("config/rolecall/settings.ini", "[colors]\nprod* = red\n[accounts]\n222222222222 = Production\n")
        want(world.terminal.screen().strip(), "@>")
        world.run("rolecall use --quiet prod")
        line = world.terminal.screen().rstrip().split("\n")[-1]
        want_in("prod Production 59m", line)
        want_in("@>", line)
        want_in("31mprod Production 59m", world.terminal.screen(colours=True))
        world.run("rolecall use --off")
        want(world.terminal.screen().rstrip().split("\n")[-1], "@>")


def prompting_twice(shell):
    """Evaluated twice, as after `exec` or an edit of the file, it does everything once."""
    with World(shell, prompt=True, before=shell.prompted or "") as world:
        world.run("rolecall use --quiet prod")
        want_in("prod 222222222222 59m", world.terminal.screen())
        world.terminal.clear()
        want(world.terminal.screen().count("prod 222222222222 59m"), 1, world.terminal.screen())
        log = world.home.at("log")
        os.rename(world.home.at("bin/rolecall"), world.home.at("bin/rolecall.own"))
        world.home.write("bin/rolecall", "#!/bin/sh\n[ \"$2\" != --renew ] || echo once >>%s\nexit 1\n" % log, 0o755)
        world.run(shell.set % ("ROLECALL_RENEW_AT", shell.quote("1")))
        world.run("")
        with open(log) as file:
            want(file.read(), "once\n")


def odd_prompt(name, shell, before):
    """The prompt under options that people set: a name is shown as it is, in colours, and beside no other."""
    odd = "a!b %n [x] & %%"
    config = "[profile \"%s\"]\nregion = eu-west-1\naws_access_key_id = AKIA\naws_secret_access_key = s\n" % odd
    with World(shell, prompt=True, config=config, before=before) as world:
        world.home.write("config/rolecall/settings.ini", "[colors]\na* = red\n")
        world.run("rolecall use --quiet " + shell.quote("--profile=" + odd))
        for _ in range(2):
            want(world.terminal.screen().rstrip().split("\n")[-1], odd + " @>")
            want_in("31m" + odd, world.terminal.screen(colours=True))
            world.terminal.clear()
        # What takes no room in the prompt is known as such: the line is drawn anew where it stands.
        world.terminal.type("echo " + "x" * 200 + " a", enter=False)
        world.terminal.key("C-a")
        world.terminal.key("C-k")
        world.terminal.wait(lambda screen: screen.rstrip() == odd + " @>", "the line without what was typed")
        world.run("rolecall use --quiet prod")
        want(world.terminal.screen().rstrip().split("\n")[-1], "prod 222222222222 59m @>")
        world.run("rolecall use --off")
        want(world.terminal.screen().rstrip().split("\n")[-1], "@>")


def nothing_shown(world, env):
    """No trace and no alias shows what is evaluated, and each is there again afterwards."""
    if world.shell is Fish:
        cases = [("set -g fish_trace 1", "set -e fish_trace", "> set -e fish_trace")]
    else:
        cases = [("set -%s" % flag, "set +%s" % flag, "\n" + sign) for flag, sign in (("x", "+"), ("v", "set +v"), ("vx", "+"))]
        cases.append(("alias export='echo E' unset='echo U' other='echo O'", "other x; unalias export unset other", "\nO x"))
    for on, off, sign in cases:
        world.terminal.clear()
        for typed in (on, "rolecall use prod", off):
            world.terminal.type(typed)
            world.terminal.wait(lambda screen: typed in screen and PROMPT.match(lines(screen)[-1]), "the end of %r" % typed)
        screen = world.terminal.screen()
        want_in(sign, screen[screen.rindex("@> " + off):], "not there again: " + on)
        shown = world.terminal.screen(history=True).replace("\n", "")
        for text in ("AWS_SECRET_ACCESS_KEY", env["AWS_SECRET_ACCESS_KEY"]):
            assert text not in shown, "%s shows a secret:\n%s" % (on, screen)


def traced(shell):
    with World(shell) as world:
        world.run("rolecall use prod")
        nothing_shown(world, world.environment())
        world.held(world.environment(), "prod")
        if shell is Fish:
            return
        # Ctrl-C ends the function early; options and aliases are there again all the same.
        os.rename(world.home.at("bin/rolecall"), world.home.at("bin/rolecall.own"))
        world.home.write("bin/rolecall", "#!/bin/sh\necho >%s\nexec sleep 60\n" % world.home.at("called"), 0o755)
        world.run("alias other='echo O'")
        world.terminal.type("set -xv; rolecall use prod")
        until = time.monotonic() + 20
        while not os.path.exists(world.home.at("called")):
            assert time.monotonic() < until, "not called:\n" + world.terminal.screen()
            time.sleep(0.05)
        world.terminal.key("C-c")
        world.terminal.wait(lambda screen: PROMPT.match(lines(screen)[-1]), "the prompt after Ctrl-C")
        world.terminal.type("other $-; set +xv")
        screen = world.terminal.wait(lambda screen: "\nO " in screen and PROMPT.match(lines(screen)[-1]), "an alias")
        flags = screen.rpartition("\nO ")[2].split()[0]
        assert "x" in flags and "v" in flags, flags


def odd_options(name, shell, before):
    """The shell side under options that people set, in the order: set, evaluate, use."""
    with World(shell, before=before) as world:
        want(world.terminal.screen().strip(), "@>", "what the start shows")
        want(world.tried("rolecall use prod")[0], 0)
        env = world.environment()
        world.held(env, "prod")
        screen = world.run("rolecall use nosuch || echo refused")
        want_in("refused", screen)
        world.run("rolecall exec prod -- arguments 'a  b' '*' || true")
        with open(world.home.at("arguments")) as file:
            want(json.load(file), ["a  b", "*"])
        nothing_shown(world, env)
        world.run("rolecall use --off")
        world.clean(world.environment(), "off")


for shell in SHELLS:
    for test in (switching, by_name, asking, passing_through, starting_clean, renewing, not_renewing, hostile, prompting):
        add_case("%s: %s" % (shell.name, test.__name__.replace("_", " ")), lambda shell=shell, test=test: test(shell))
for shell in WITH_FILES:
    for test in (by_name, prompting):
        add_case("%s from a file: %s" % (shell.name, test.__name__.replace("_", " ")), lambda shell=shell, test=test: test(shell))
ODD = [
    ("bash strict", Bash, "set -uo pipefail\nset -o noclobber\n"),
    ("bash errexit", Bash, "set -e\n"),
    ("bash posix", Bash, "set -o posix\n"),
    ("bash alias", Bash, "alias rolecall='rolecall --verbose'\n"),
    ("bash separators", Bash, "IFS='olec '\n"),
    ("bash own hook", Bash, "PROMPT_COMMAND='true;'\n"),
    ("bash own hooks", Bash, "PROMPT_COMMAND=(true 'true;')\n"),
    ("bash twice", Bash, Bash.install),
    ("zsh strict", Zsh, "set -uo pipefail\nset -o noclobber\n"),
    ("zsh errexit", Zsh, "set -e\n"),
    ("zsh alias", Zsh, "alias rolecall='rolecall --verbose'\n"),
    ("zsh separators", Zsh, "IFS='olec '\n"),
    ("zsh as sh", Zsh, "emulate sh\nPS1='@> '\n"),
    ("zsh as ksh", Zsh, "emulate ksh\nPS1='@> '\n"),
    ("zsh with other options", Zsh, "setopt rc_quotes sh_word_split glob_subst ksh_arrays null_glob no_bare_glob_qual warn_create_global all_export\n"),
    ("zsh twice", Zsh, Zsh.install),
]
for shell in (Bash, Zsh, Fish, Elvish):
    add_case("%s: prompting twice" % shell.name, lambda shell=shell: prompting_twice(shell))
for entry in (
    ("bash: prompt", Bash, ""),
    ("bash: prompt without promptvars", Bash, "shopt -u promptvars\n"),
    ("zsh: prompt", Zsh, ""),
    ("zsh: prompt with prompt_bang and prompt_subst", Zsh, "setopt prompt_bang prompt_subst\n"),
    ("zsh: prompt as ksh", Zsh, "emulate ksh\nPS1='@> '\n"),
):
    add_case(entry[0], lambda entry=entry: odd_prompt(*entry))
for shell in (Bash, Zsh, Fish):
    add_case("%s: traced" % shell.name, lambda shell=shell: traced(shell))
for entry in ODD:
    add_case(entry[0], lambda entry=entry: odd_options(*entry))
print("not available here: PowerShell (in no registry for this system)")
main(at_once=4)
