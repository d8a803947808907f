#!/usr/bin/env python3
"""Pressing Tab in real shells, on a terminal of tmux: verbs, options, profiles (hostile ones, and among 10,000), role ARNs,
paths, commands behind `--`. What each line then comes to is read from the arguments that a stand-in for rolecall gets."""
import os, shlex, subprocess, time
from support import BIN, Home, TOOLS, add_case, main, want, want_in

CANARY = "ran"
# A name in quotes cannot hold the same quote.
HOSTILE = {
    "h": "h'o s$(touch ran)t`touch ran`;touch ran &|>!\\~*?{a,b}#%^=:é日",
    "H": "H\"o s$(touch ran)t`touch ran`;touch ran #<!\\$HOME ${x}[a]@,%",
}
CONFIG = """[profile unique]
rolecall_role_arn = arn:aws:iam::222222222222:role/path/admin
description = the 'live' $(touch ran) `touch ran`
[profile twin-one]
role_arn = arn:aws:iam::333333333333:role/reader
[profile twin-two]
sso_account_id = 444444444444
sso_role_name = Power
[profile "%s"]
region = eu-west-1
[profile '%s']
region = eu-west-1
[profile -dash]
region = eu-west-1
""" % tuple(HOSTILE.values())
SECTIONS = """[sso-session corp]
sso_region = eu-west-1
[services local]
s3 =
  endpoint_url = http://localhost:4566
"""
# Takes down the arguments of every call but those of completion, which go to the program under test.
STAND_IN = """#!/bin/sh
case $1 in __complete | completions | init) exec %s "$@" ;; esac
printf '%%s\\0' "$@" >args.new && mv args.new args
"""

BASH = 'eval "$(rolecall completions bash)"'
SHELLS = {
    # What starts it, and the line that loads the completions.
    "bash": ("bash --noprofile --norc -i", "source /usr/share/bash-completion/bash_completion; " + BASH),
    "bash without bash-completion": ("bash --noprofile --norc -i", BASH),
    "zsh": ("zsh -f -i", "autoload -Uz compinit; compinit -u -D; eval \"$(rolecall completions zsh)\""),
    "zsh with fpath": ("zsh -f -i", "fpath=(~/functions $fpath); autoload -Uz compinit; compinit -u -D"),
    "fish": ("fish -N -i", "rolecall completions fish | source"),
    "elvish": ("elvish -norc", "eval (rolecall completions elvish | slurp)"),
    "nushell": ("nu -n --no-history", "source ~/rolecall.nu"),
}

# Completions that came with the shell side.
SIDES = {
    "bash with init": ("bash --noprofile --norc -i", 'eval "$(rolecall init bash)"'),
    "zsh with init": ("zsh -f -i", 'autoload -Uz compinit; compinit -u -D; eval "$(rolecall init zsh)"'),
    **{"zsh with init, %s" % name: ("zsh -f -i", 'autoload -Uz compinit; compinit -u -D; %s; PS1="$ "; eval "$(rolecall init zsh)"' % line)
       for name, line in (("ksh_arrays", "setopt ksh_arrays"), ("as ksh", "emulate ksh"), ("as sh", "emulate sh"))},
    "fish with init": ("fish -N -i", "rolecall init fish | source"),
    "elvish with init": ("elvish -norc", "eval (rolecall init elvish | slurp)"),
    "nushell with init": ("nu -n --no-history", "source ~/init.nu"),
}


class Screen:
    """A shell on a terminal."""

    def __init__(self, home, name):
        self.home = home
        command, setup = (SHELLS | SIDES)[name]
        self.tmux = ["tmux", "-S", home.at("tmux"), "-f", "/dev/null"]
        home.env.update(TERM="screen-256color", LC_ALL="C.UTF-8", SHELL="/bin/sh", XDG_CONFIG_HOME=home.at("config"), PS1="$ ")
        home.env["PATH"] = ":".join([home.at("bin"), TOOLS + "/nushell/node_modules/.bin", home.env["PATH"]])
        self.call("new-session", "-d", "-x", "150", "-y", "50", command)
        self.call("set-option", "-g", "escape-time", "0")
        self.settle()
        self.keys(setup + "; echo ready")
        self.press("Enter")
        end = time.monotonic() + 30
        while "ready" not in self.text().splitlines():
            assert time.monotonic() < end, "it does not begin:\n" + self.text().strip()
            time.sleep(0.05)
        self.settle()

    def call(self, *arguments):
        done = subprocess.run(self.tmux + list(arguments), env=self.home.env, cwd=self.home.path, capture_output=True, text=True, timeout=30)
        want(done.returncode, 0, done.stderr)
        return done.stdout

    def text(self):
        return self.call("capture-pane", "-p", "-J")

    def state(self):
        return self.text(), self.call("display-message", "-p", "#{cursor_x} #{cursor_y}")

    def keys(self, text):
        self.send("-l", "--", text)

    def press(self, *names):
        for name in names:
            self.send(name)

    def send(self, *keys):
        """Types, and waits until that shows. A key that changes nothing is given three seconds."""
        before, end = self.state(), time.monotonic() + 3
        self.call("send-keys", *keys)
        while self.state() == before and time.monotonic() < end:
            time.sleep(0.02)
        self.settle()

    def settle(self):
        """Waits until the screen stays as it is."""
        before, since, end = None, time.monotonic(), time.monotonic() + 20
        while time.monotonic() < end:
            now = self.state()
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > 0.25 and now[0].strip():
                return
            time.sleep(0.05)

    def arguments(self):
        """Returns what the line that was typed has come to."""
        self.press("Enter")
        if not os.path.exists(self.home.at("args")):
            # The first one took the only row of a menu.
            self.press("Enter")
        end = time.monotonic() + 10
        while not os.path.exists(self.home.at("args")):
            assert time.monotonic() < end, "nothing was run:\n" + self.text().strip()
            time.sleep(0.05)
        with open(self.home.at("args"), encoding="utf-8") as file:
            words = file.read().split("\0")[:-1]
        os.remove(self.home.at("args"))
        return words

    def close(self):
        subprocess.run(self.tmux + ["kill-server"], capture_output=True)


def on(name, config, check):
    with Home() as home:
        home.write(".aws/config", config)
        home.write("bin/rolecall", STAND_IN % shlex.quote(BIN), 0o755)
        home.write("bin/rolltool", "#!/bin/sh\n", 0o755)
        home.write("policy file.json", "{}")
        for shell, file in (("zsh", "functions/_rolecall"), ("nushell", "rolecall.nu")):
            home.write(file, home.rolecall("completions", shell).stdout)
        home.write("init.nu", home.rolecall("init", "nushell").stdout)
        screen = Screen(home, name)
        try:
            check(screen, home)
            assert not os.path.exists(home.at(CANARY)), "a name ran as code:\n" + screen.text()
        finally:
            screen.close()


def tab(screen, typed, wanted):
    """What is typed, with a Tab in it, has come to these arguments."""
    for part in typed.split("\t"):
        if part != typed.split("\t")[0]:
            screen.press("Tab")
            if part and "COMPLETING" in screen.text():
                # elvish has a menu for a value that it has to quote.
                screen.press("Enter")
        if part:
            screen.keys(part)
    want(screen.arguments(), wanted, repr(typed) + "\n" + screen.text().strip() + "\n")


def words(name):
    def check(screen, home):
        tab(screen, "rolecall expl\t", ["explain"])
        tab(screen, "rolecall policy tru\t", ["policy", "trust"])
        tab(screen, "rolecall explain --js\t", ["explain", "--json"])
        tab(screen, "rolecall doctor --store keyu\t", ["doctor", "--store", "keyutils"])
        tab(screen, "rolecall explain uni\t", ["explain", "unique"])
        tab(screen, "rolecall explain -p uni\t --js\t", ["explain", "-p", "unique", "--json"])
        tab(screen, "rolecall explain --profile=uni\t", ["explain", "--profile=unique"])
        tab(screen, "rolecall explain --role-arn arn:aws:iam::2\t", ["explain", "--role-arn", "arn:aws:iam::222222222222:role/path/admin"])
        tab(screen, "rolecall explain --role-arn=arn:aws:iam::3\t", ["explain", "--role-arn=arn:aws:iam::333333333333:role/reader"])

    return lambda: on(name, CONFIG, check)


def keys(name):
    """The keys of a section, which end in `=` where a value follows."""

    def check(screen, home):
        tab(screen, "rolecall profile set unique reg\teu-west-1", ["profile", "set", "unique", "region=eu-west-1"])
        tab(screen, "rolecall profile set unique source_pr\ttwin-o\t", ["profile", "set", "unique", "source_profile=twin-one"])
        tab(screen, "rolecall profile set twin-two sso_acc\t1 regi\tx", ["profile", "set", "twin-two", "sso_account_id=1", "region=x"])
        tab(screen, "rolecall profile unset twin-two sso_r\t", ["profile", "unset", "twin-two", "sso_role_name"])
        tab(screen, "rolecall profile unset --sso-session co\t sso_\t", ["profile", "unset", "--sso-session", "corp", "sso_region"])
        tab(screen, "rolecall profile set --services=lo\t s3.\tx", ["profile", "set", "--services=local", "s3.endpoint_url=x"])

    return lambda: on(name, CONFIG + SECTIONS, check)


def hostile(name):
    def check(screen, home):
        for start, whole in HOSTILE.items():
            tab(screen, "rolecall explain %s\t" % start, ["explain", whole])
            tab(screen, "rolecall explain --profile=%s\t" % start, ["explain", "--profile=" + whole])
            for quote in ("'", '"'):
                tab(screen, "rolecall explain %s%s\t" % (quote, start), ["explain", whole])

    return lambda: on(name, CONFIG, check)


def described(name):
    def check(screen, home):
        screen.keys("rolecall explain twin-")
        screen.press("Tab", "Tab")
        # The chosen row of a menu is in capitals.
        shown = screen.text().lower()
        for text in ("twin-one", "333333333333 reader", "twin-two", "444444444444 power"):
            want_in(text, shown)

    return lambda: on(name, CONFIG, check)


def thousands(name):
    config = "".join("[profile p%04d]\nrole_arn = arn:aws:iam::%012d:role/r%d\nsource_profile = p0000\n" % (i, i, i) for i in range(10000))
    config += "[profile needle]\nregion = eu-west-1\n"

    def check(screen, home):
        tab(screen, "rolecall explain nee\t", ["explain", "needle"])
        tab(screen, "rolecall explain --profile p7777\t", ["explain", "--profile", "p7777"])
        screen.keys("rolecall explain p991")
        screen.press("Tab", "Tab")
        want_in("p9917", screen.text())

    return lambda: on(name, config, check)


def elsewhere(name):
    def check(screen, home):
        tab(screen, "rolecall explain --policy policy\t", ["explain", "--policy", "policy file.json"])
        if name in ("bash", "zsh", "fish", "elvish"):
            for before in (["unique"], ["unique", "--"], ["--tag", "k=v", "--profile=unique"]):
                line = "rolecall exec %s " % " ".join(before)
                tab(screen, line + "rollto\t", ["exec", *before, "rolltool"])
                tab(screen, line + "cat policy\t", ["exec", *before, "cat", "policy file.json"])

    return lambda: on(name, CONFIG, check)


def switching(name):
    def check(screen, home):
        tab(screen, "rolecall expl\t", ["explain"])
        tab(screen, "rolecall explain --profile=h\t", ["explain", "--profile=" + HOSTILE["h"]])
        tab(screen, "rolecall use uni\t", ["use", "unique"])
        tab(screen, "rolecall use --ke\t unique", ["use", "--keep", "unique"])
        if name.startswith("nushell"):
            tab(screen, "rolecall --quiet use uni\t", ["use", "--quiet", "unique"])

    return lambda: on(name, CONFIG, check)


def silent(name):
    """Nothing that is wrong shows at a Tab, and verbs are completed all the same."""

    def check(screen, home):
        os.remove(home.at(".aws/config"))
        os.mkdir(home.at(".aws/config"))
        home.write("config/rolecall/settings.ini", "nonsense\n[")
        tab(screen, "rolecall expl\t", ["explain"])
        assert "error" not in screen.text() and "hint" not in screen.text(), screen.text()

    return lambda: on(name, CONFIG, check)


for shell in SHELLS:
    # The other ways to load the same script.
    for what in (words, keys, hostile) if " " in shell else (words, keys, hostile, described, thousands, elsewhere, silent):
        add_case("%s: %s" % (shell, what.__name__), what(shell))
for shell in SIDES:
    add_case("%s: switching" % shell, switching(shell))

if __name__ == "__main__":
    main(at_once=4)
