#!/usr/bin/env python3
"""Token codes asked for by programs that nobody here wrote: pinentry-tty and pinentry-curses on a terminal, zenity in an X server with
keys pressed by xdotool, oathtool as `mfa_process`, job control of bash; and the AWS CLI and boto3 whose user types the code while they
run `rolecall process`."""
import contextlib, fcntl, json, os, pty, select, shutil, signal, struct, subprocess, sys, termios, time
from support import FakeAws, HERE, Home, TOOLS, add_case, case, main, profiles, want, want_in

SERIAL = "arn:aws:iam::111111111111:mfa/bob"
ARN = "arn:aws:sts::222222222222:assumed-role/mfa/tester"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ROLE = """
[profile asks]
region = eu-west-1
credential_process = {bin} process asks
rolecall_role_arn = arn:aws:iam::222222222222:role/mfa
rolecall_source_profile = bob
rolecall_mfa_serial = """ + SERIAL + """
rolecall_role_session_name = tester
"""
LIMIT = 60


class Terminal:
    """A program on a terminal of its own, which is also what it writes to unless `pipes`: then only its questions go there."""

    def __init__(self, home, *argv, pipes=False):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        other = subprocess.PIPE if pipes else self.slave

        def own():
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(argv, env={**home.env, "TERM": "xterm"}, cwd=home.path, preexec_fn=own, pass_fds=[self.slave],
                                        stdin=subprocess.DEVNULL if pipes else self.slave, stdout=other, stderr=other, text=True)
        self.shown = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def look(self, seconds=0.05):
        if select.select([self.master], [], [], seconds)[0]:
            self.shown += os.read(self.master, 65536).decode(errors="replace")

    def wait_for(self, text, times=1):
        end = time.monotonic() + LIMIT
        while self.shown.count(text) < times:
            assert time.monotonic() < end, "%r does not show: %r" % (text, self.shown)
            self.look()

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """Waits for the end; the exit code, what was written into the pipes, and the terminal as it was."""
        end = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < end, "it does not end: %r" % self.shown
            self.look()
        self.look()
        out, err = self.process.communicate() if self.process.stdout else ("", "")
        want(termios.tcgetattr(self.slave), self.before, "the modes of the terminal")
        return self.process.returncode, out, err


class Scene:
    def __init__(self, **env):
        self.home, self.fake = Home(), FakeAws()
        profiles(self.home, self.fake, ROLE.format(bin=self.home.program), process=True)
        self.home.env.update(ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass", **env)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.fake.__exit__(*error)
        self.home.__exit__(*error)

    def terminal(self, *argv, **more):
        return Terminal(self.home, *(argv or (self.home.program, "process", "asks")), **more)

    def wrong(self):
        return "000001" if self.fake.code() == "000000" else "000000"


def given(answer):
    """Demands credentials and nothing else."""
    code, out, err = answer
    want((code, err), (0, ""))
    want(json.loads(out)["AccessKeyId"][:4], "ASIA")


def pinentry(name):
    program = shutil.which(name)
    assert program, "%s is not there" % name
    return Scene(PINENTRY_PROGRAM=program, ROLECALL_PROMPT="pinentry", LC_ALL="C.UTF-8")


def pinentry_gives_the_code(name):
    with pinentry(name) as scene, scene.terminal(pipes=True) as terminal:
        # The words of a window may be apart, where the cursor jumps over blanks.
        for word in ("asks", SERIAL, "222222222222", "MFA"):
            terminal.wait_for(word)
        terminal.type(scene.fake.code() + "\r")
        given(terminal.end())
        # Kept: nobody is asked again.
        given(scene.terminal(pipes=True).end())


def pinentry_asks_again(name):
    with pinentry(name) as scene, scene.terminal(pipes=True) as terminal:
        terminal.wait_for("MFA code:")
        terminal.type("12345\r")
        terminal.wait_for("six")
        terminal.wait_for("MFA code:", 2)
        terminal.type(scene.wrong() + "\r")
        terminal.wait_for("accept")
        terminal.wait_for("MFA code:", 3)
        terminal.type(scene.fake.code() + "\r")
        given(terminal.end())
        want(len(scene.fake.calls("GetSessionToken")), 2)


def pinentry_is_interrupted(name):
    with pinentry(name) as scene, scene.terminal(pipes=True) as terminal:
        terminal.wait_for("MFA code:")
        terminal.type("123\x03")
        code, out, _ = terminal.end()
        want((code, out), (130, ""))
        want(scene.fake.calls(), [])


for one in ("pinentry-tty", "pinentry-curses"):
    for test in (pinentry_gives_the_code, pinentry_asks_again, pinentry_is_interrupted):
        add_case("%s %s" % (one, test.__name__.replace("_", " ")), lambda one=one, test=test: test(one))


@case
def pinentry_curses_is_cancelled():
    with pinentry("pinentry-curses") as scene, scene.terminal(pipes=True) as terminal:
        terminal.wait_for("MFA code:")
        # From the line over OK to Cancel.
        terminal.type("\t\t\r")
        code, out, err = terminal.end()
        want((code, out), (4, ""))
        want_in("declined (pinentry)", err)


@case
def pinentry_curses_confirms():
    with pinentry("pinentry-curses") as scene:
        scene.home.write(".aws/config", open(scene.home.at(".aws/config")).read().replace("[profile dev]\n", "[profile dev]\nrolecall_confirm = true\n"))
        for keys, wanted in (("\t\r", 4), ("\r", 0)):
            with scene.terminal(scene.home.program, "process", "dev", pipes=True) as terminal:
                terminal.wait_for("session")
                terminal.type(keys)
                code, out, err = terminal.end()
                want(code, wanted, out + err)


@case
def real_pinentries_without_a_terminal_end_at_once():
    for name in ("pinentry-tty", "pinentry-curses"):
        with pinentry(name) as scene:
            done = scene.home.rolecall("process", "asks")
            want((done.returncode, done.stdout), (4, ""), done.stderr)
            want_in("pinentry", done.stderr)
            assert "declined" not in done.stderr, done.stderr


@case
def oathtool_is_the_mfa_process():
    with Scene() as scene:
        config = open(scene.home.at(".aws/config")).read() + "mfa_process = oathtool --totp -b %s\n" % SEED
        scene.home.write(".aws/config", config)
        assert scene.home.key("asks").startswith("ASIA")
        want(len(scene.fake.calls("GetSessionToken")), 1)


class Screen:
    """An X server without a screen or a window manager."""

    def __init__(self, home):
        self.home = home
        read, write = os.pipe()
        # A server that resets when its last client leaves, xdotool, may lose the window that is just coming.
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"], pass_fds=[write],
                                        env=home.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            home.env["DISPLAY"] = ":" + pipe.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def xdotool(self, *argv):
        return subprocess.run(["xdotool", *argv], env=self.home.env, capture_output=True, text=True, timeout=LIMIT)

    def window(self, other_than=None):
        """Waits for the window of a question, gives it the keyboard, and returns whose it is."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            for window in self.xdotool("search", "--onlyvisible", "--name", "^rolecall$").stdout.split():
                # A window's own number is soon used again.
                pid = self.xdotool("getwindowpid", window).stdout.strip()
                if pid not in ("", other_than) and self.xdotool("windowfocus", "--sync", window).returncode == 0:
                    return pid
            time.sleep(0.05)
        raise AssertionError("no window has opened")


class InWindow:
    """`rolecall process` without a terminal."""

    def __init__(self, scene):
        self.process = subprocess.Popen([scene.home.program, "process", "asks"], env=scene.home.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # With the window, where it is still open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def end(self):
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, err


@case
def zenity_gives_the_code():
    with Scene(ROLECALL_PROMPT="tty,dialog") as scene, Screen(scene.home) as screen, InWindow(scene) as run:
        first = screen.window()
        screen.xdotool("key", *"12345", "Return")
        # Mistyped: another window.
        screen.window(other_than=first)
        screen.xdotool("key", *scene.fake.code(), "Return")
        given(run.end())


@case
def zenity_is_cancelled():
    with Scene(ROLECALL_PROMPT="dialog") as scene, Screen(scene.home) as screen, InWindow(scene) as run:
        screen.window()
        screen.xdotool("key", "Escape")
        code, out, err = run.end()
        want((code, out), (4, ""), err)
        want_in("declined (dialog)", err)


@case
def zenity_confirms():
    with Scene(ROLECALL_PROMPT="process,dialog") as scene, Screen(scene.home) as screen:
        scene.home.write(".aws/config", open(scene.home.at(".aws/config")).read() + "rolecall_confirm = true\nmfa_process = oathtool --totp -b %s\n" % SEED)
        # No is what Return presses at first.
        for keys, wanted in ((["Escape"], 4), (["Return"], 4), (["Tab", "Return"], 0)):
            with InWindow(scene) as run:
                screen.window()
                screen.xdotool("key", *keys)
                code, _, err = run.end()
                want(code, wanted, err)


@case
def zenity_without_its_display_is_passed_over():
    with Scene(ROLECALL_PROMPT="dialog", DISPLAY=":4711") as scene:
        done = scene.home.rolecall("process", "asks")
        want((done.returncode, done.stdout), (4, ""), done.stderr)
        want_in("dialog: ", done.stderr)
        assert "declined" not in done.stderr, done.stderr


@case
def bash_stops_it_and_brings_it_back():
    with Scene() as scene, scene.terminal("bash", "--norc", "--noprofile", "-i") as terminal:
        terminal.type("rolecall() { %s \"$@\"; }; PS1='ready> '\n" % scene.home.program)
        terminal.wait_for("ready> ", 2)
        terminal.type("%s process asks | cat\n" % scene.home.program)
        terminal.wait_for("MFA code of")
        terminal.type("123\x1a")
        terminal.wait_for("Stopped")
        terminal.type("echo still $((40 + 2))\n")
        terminal.wait_for("still 42")
        terminal.type("fg\n")
        terminal.wait_for("MFA code of", 2)
        terminal.type(scene.fake.code() + "\n")
        terminal.wait_for("AccessKeyId")
        terminal.type("exit\n")
        want(terminal.end()[0], 0)


@case
def bash_stops_a_hidden_question_and_brings_it_back():
    with Scene() as scene, scene.terminal("bash", "--norc", "--noprofile", "-i") as terminal:
        terminal.type("PS1='ready> '\n")
        terminal.wait_for("ready> ", 2)
        terminal.type("%s keys mfa add %s\n" % (scene.home.program, SERIAL))
        terminal.wait_for("Seed of")
        terminal.type("GEZD\x1a")
        terminal.wait_for("Stopped")
        terminal.type("stty -a | tr ';' '\\n' | grep -E '^ (susp|eol) '\n")
        terminal.wait_for("susp = ^Z")
        terminal.wait_for("eol = <undef>")
        terminal.type("fg\n")
        terminal.wait_for("Seed of", 2)
        terminal.type(SEED + "\n")
        terminal.wait_for("Press Enter")
        terminal.type("\n")
        terminal.wait_for("enable-mfa-device")
        assert "GEZD" not in terminal.shown, terminal.shown
        terminal.type("exit\n")
        want(terminal.end()[0], 0)


def client(name, wrong=False):
    with Scene() as scene:
        scene.home.env["AWS_PROFILE"] = "asks"
        argv = [os.path.join(HERE, "run_client.sh"), TOOLS, name]
        with scene.terminal(*argv) as terminal:
            terminal.wait_for("MFA code of " + SERIAL)
            want_in("profile asks (role mfa in account 222222222222)", terminal.shown)
            asked = 1
            if wrong:
                terminal.type(scene.wrong() + "\n")
                terminal.wait_for("AWS did not accept this code")
                terminal.wait_for("MFA code of", 2)
                asked = 2
            terminal.type(scene.fake.code() + "\n")
            want(terminal.end()[0], 0, terminal.shown)
            want_in(ARN, terminal.shown)
            want(terminal.shown.count("MFA code of"), asked)
        # The next one finds the session.
        with scene.terminal(*argv) as terminal:
            want(terminal.end()[0], 0, terminal.shown)
            want(terminal.shown.strip(), ARN)


def client_interrupted(name):
    with Scene() as scene:
        scene.home.env["AWS_PROFILE"] = "asks"
        with scene.terminal(os.path.join(HERE, "run_client.sh"), TOOLS, name) as terminal:
            terminal.wait_for("MFA code of")
            terminal.type("12\x03")
            assert terminal.end()[0] != 0, terminal.shown
        want(scene.fake.calls(), [])


for one in ("python", "cli_v1"):
    add_case("%s asks its user" % one, lambda one=one: client(one))
    add_case("%s asks its user twice" % one, lambda one=one: client(one, wrong=True))
    add_case("%s is interrupted at the question" % one, lambda one=one: client_interrupted(one))
main(at_once=4)
