#!/usr/bin/env python3
"""The picker on real terminals: tmux types, pastes, resizes and reads the screen; bash, zsh and fish run it, also within `$(…)`."""
import os, re, subprocess, time
from support import BIN, FakeAws, Home, PROD, add_case, case, main, profiles, want, want_in

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(rolecall env)"'),
    "zsh": (["zsh", "-f", "-i"], 'eval "$(rolecall env)"'),
    "fish": (["fish", "-N", "-i", "-C", "function fish_prompt; echo -n '@> '; end; function fish_greeting; end"], "rolecall env --shell fish | source"),
}
HELP = "esc leave"
EXTRA = "[profile \"日本\"]\nrole_arn = arn:aws:iam::333333333333:role/admin\nsource_profile = bob\n[profile people]\nsso_start_url = https://corp.example/start\n" \
    "sso_region = eu-west-1\nsso_account_id = 444444444444\nsso_role_name = Developer\ndescription = The Till\n"


class Window:
    """A shell in a window of tmux, whose prompt is `@> `. Ends with the `with` block."""

    def __init__(self, home, shell="bash", size=(90, 20), **env):
        self.socket = home.at("tmux")
        os.path.isdir(home.at("bin")) or os.mkdir(home.at("bin"))
        os.path.exists(home.at("bin/rolecall")) or os.symlink(BIN, home.at("bin/rolecall"))
        env = {**home.env, "LC_ALL": "C.UTF-8", "PS1": "@> ", "PROMPT": "@> ", "ROLECALL_STORE": "none", "PATH": home.at("bin") + ":" + home.env["PATH"], **env}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), *SHELLS[shell][0],
                  env={name: value for name, value in env.items() if value is not None})
        self.wait(lambda screen: screen[-1] == "@>", "the first prompt")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)

    def tmux(self, *arguments, **more):
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, timeout=30, **more)
        assert done.returncode == 0, "tmux %s: %s" % (arguments[0], done.stderr)
        return done.stdout

    def screen(self, *options):
        lines = [line.rstrip() for line in self.tmux("capture-pane", "-p", *options).rstrip("\n").split("\n")]
        while len(lines) > 1 and not lines[-1]:
            lines.pop()
        return lines

    def wait(self, ready, what):
        until, before = time.monotonic() + 30, None
        while True:
            screen = self.screen()
            if ready(screen) and screen == before:
                return screen
            before = screen
            assert time.monotonic() < until, "waited in vain for %s; the screen:\n%s" % (what, "\n".join(screen))
            time.sleep(0.03)

    def shows(self, *texts):
        return self.wait(lambda screen: all(text in "\n".join(screen) for text in texts), texts)

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def open(self, line="rolecall exec -- printenv ROLECALL_PROFILE", help=HELP):
        self.type(line)
        self.keys("Enter")
        return self.shows(help)

    def prompt(self):
        return self.wait(lambda screen: screen[-1] == "@>" and self.tmux("display", "-p", "#{alternate_on}") == "0\n", "the prompt")

    def run(self, line):
        """What a line prints."""
        before = len(self.prompt())
        self.type(line)
        self.keys("Enter")
        screen = self.wait(lambda screen: len(screen) > before and screen[-1] == "@>", "the end of " + line)
        return "\n".join(screen[before:-1])


def runs(pid):
    """Whether a process runs: one that nobody waits for stays in the list when it has ended (containers, whose first process is none)."""
    try:
        with open("/proc/%s/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def world(action, **window):
    with Home() as home, FakeAws() as fake:
        profiles(home, fake, EXTRA)
        with Window(home, **window) as window:
            action(window)


@case
def typing_and_arrows_choose():
    def action(window):
        for keys, name in [(("Enter",), "dev"), (("Down", "Enter"), None), (("p", "r", "o", "d", "Enter"), "prod"), (("End", "Up", "Up", "Home", "Enter"), None),
                           (("x", "y", "C-u", "b", "o", "b", "Enter"), "bob"), (("b", "o", "x", "BSpace", "b", "Enter"), "bob")]:
            first = window.open()
            want(first[2][:2], "> ")
            window.keys(*keys[:-1])
            if name:
                window.wait(lambda screen: any(line.startswith("> " + name + " ") for line in screen), name)
            window.keys(keys[-1])
            window.prompt()
            if name:
                want(window.screen()[-2], name)
            window.keys("C-l")
            window.wait(lambda screen: screen == ["@>"], "a clear screen")
    world(action)


def leaves_no_trace(shell, key):
    def action(window):
        window.run("echo one; echo two")
        modes = window.run("stty -g")
        before = window.prompt()
        line = SHELLS[shell][1]
        window.open(line)
        window.type("pro")
        window.shows("> pro", "/5")
        window.keys(key)
        after = window.prompt()
        want(after, before[:-1] + ["@> " + line, "error: no profile was chosen", "@>"])
        want(window.run("stty -g"), modes)
        # Whatever was typed went to the picker, and the shell reads on.
        want(window.run("echo still here"), "still here")
    world(action, shell=shell)


for _shell in SHELLS:
    for _key in ("C-c", "Escape"):
        add_case("%s leaves no trace in %s" % (_key, _shell), lambda shell=_shell, key=_key: leaves_no_trace(shell, key))


def substitution(shell):
    def action(window):
        window.open(SHELLS[shell][1])
        window.type("prod")
        window.wait(lambda screen: any(line.startswith("> prod ") for line in screen), "prod")
        window.keys("Enter")
        window.prompt()
        want(window.run("echo $ROLECALL_PROFILE in $AWS_REGION"), "prod in eu-west-1")
        # Now the environment names credentials, and nobody is asked.
        want_in(PROD.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/"), window.run("rolecall whoami"))
    world(action, shell=shell)


for _shell in SHELLS:
    add_case("within a substitution in " + _shell, lambda shell=_shell: substitution(shell))


@case
def a_pasted_arn_finds_its_role():
    def action(window):
        window.open()
        window.tmux("set-buffer", PROD + "\n")
        window.tmux("paste-buffer", "-p")
        screen = window.shows("> " + PROD, "1/5")
        want(screen[2].startswith("> prod "), True)
        # The line break that was pasted chose nothing.
        window.keys("Enter")
        window.prompt()
        want(window.screen()[-2], "prod")
    world(action)


@case
def a_resize_draws_anew():
    def action(window):
        window.open()
        window.keys("Down", "Down")
        chosen = window.wait(lambda screen: any(line.startswith("> ") for line in screen[3:]), "a move")
        name = next(line for line in chosen[2:] if line.startswith("> ")).split()[1]
        assert not any("│" in line for line in chosen), chosen
        for width, height in ((140, 30), (60, 12), (20, 5), (8, 3), (1, 1), (200, 50), (90, 20)):
            window.tmux("resize-window", "-x", str(width), "-y", str(height))
            if height >= 5:
                screen = window.wait(lambda screen: any(line.startswith("> " + name) for line in screen[1:]) and ("│" in screen[1]) == (width >= 100), "%d×%d" % (width, height))
                want(max(map(len, screen)) <= width and len(screen) <= height, True, "%d×%d" % (width, height))
        window.wait(lambda screen: screen[1:] == chosen[1:], "the screen of before")
        window.keys("Escape")
        window.prompt()
    world(action)


@case
def a_narrow_window_works():
    def action(window):
        window.type("rolecall exec -- printenv ROLECALL_PROFILE")
        window.keys("Enter")
        window.wait(lambda screen: screen[0].startswith("> "), "the list")
        window.type("prod")
        screen = window.wait(lambda screen: len(screen) > 1 and screen[1].startswith("> prod"), "prod")
        want(screen[0], "> prod           1/5")
        window.keys("Enter")
        window.prompt()
        want(window.screen()[-2], "prod")
    world(action, size=(20, 5))


@case
def the_preview_comes_and_goes():
    def action(window):
        screen = window.open()
        want_in("│", screen[1])
        window.type("prod")
        window.shows("1/5", "step 2", "assume " + PROD)
        window.keys("Tab")
        window.wait(lambda screen: "│" not in "\n".join(screen), "no preview")
        window.keys("Tab")
        window.shows("│")
        window.keys("Escape")
        window.prompt()
    world(action, size=(130, 25))


@case
def no_color_is_honoured():
    escapes = re.compile("\x1b\\[[0-9;]+m")
    for variables, coloured in (({}, False), ({"NO_COLOR": None}, True)):
        def action(window):
            window.open()
            want(bool(escapes.search("\n".join(window.screen("-e")))), coloured, str(variables))
            window.keys("Escape")
            window.prompt()
        world(action, **variables)


@case
def ten_thousand_profiles():
    with Home() as home, FakeAws() as fake:
        text = "".join("[profile team-%d]\nrole_arn = arn:aws:iam::%012d:role/role-%d\nsource_profile = bob\nregion = eu-west-1\ndescription = of team %d\n" % (n, n * 7919, n % 600, n)
                       for n in range(10000))
        profiles(home, fake, text)
        with Window(home) as window:
            window.open()
            window.keys("End")
            window.wait(lambda screen: any(line.startswith("> bob ") for line in screen), "the last one")
            window.type("team-7777")
            screen = window.wait(lambda screen: any(line.startswith("> team-7777 ") for line in screen), "one of them")
            want_in("%012d" % (7777 * 7919), "\n".join(screen))
            window.keys("C-u")
            window.shows("10003/10003")
            window.keys("C-c")
            window.prompt()


@case
def a_signal_and_a_closed_window_end_it():
    def child(window):
        shell = window.tmux("display", "-p", "#{pane_pid}").strip()
        return subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True).stdout.split()

    def action(window):
        before = window.run("stty -g")
        window.open("rolecall whoami")
        os.kill(int(child(window)[0]), 15)
        window.prompt()
        want(window.run("stty -g"), before)
        window.open("rolecall whoami")
        pid = child(window)[0]
        window.tmux("kill-pane")
        until = time.monotonic() + 10
        while runs(pid):
            assert time.monotonic() < until, "it outlives its terminal"
            time.sleep(0.05)
    world(action)


main()
