#!/usr/bin/env python3
"""`rolecall setup` in real interactive shells on a terminal of tmux: from an empty home to `whoami` and `use`, by keys with a role from
them and by a login at IAM Identity Center; Ctrl-C at a question gives the prompt back and leaves nothing."""
import os
from support import BIN, DEV, FakeAws, Home, add_case, main, want, want_in
from terminal import PROMPT, Terminal, lines

SHELLS = {
    "bash": (".bashrc", "PS1='@> '\nHISTFILE=\n", 'eval "$(rolecall init bash)"'),
    "zsh": (".zshrc", "PROMPT='@> '\nunsetopt prompt_sp\n", 'eval "$(rolecall init zsh)"'),
    "fish": ("config/fish/config.fish", "function fish_prompt\n echo -n '@> '\nend\nset -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n",
             "rolecall init fish | source"),
}
ID, SECRET = "AKIABOB0000000000000", "bobs/secret+key"
WAY, MORE, LINE = "How do you sign in?", "What else?", "can switch the shell? [y/N]"
KEYS = [(WAY, "keys"), ("Name of the profile [default]:", "bob"), ("Its region [eu-west-1]:", ""), ("Access key ID", ID), ("secret access key", SECRET),
        ("Keep them, and write this? [y/N]", "y")]
ROLE = [(MORE, "role"), ("ARN of the role:", DEV), ("MFA device", ""), ("External ID", ""), ("Region [eu-west-1]:", ""), ("Name of the profile [dev]:", ""),
        ("Write this? [y/N]", "y")]
SSO = [(WAY, "sso"), ("Start URL", "corp.awsapps.com/start"), ("Region of IAM Identity Center", ""), ("Name for this session [corp]:", ""), ("Write this? [y/N]", "y"),
       ("Which profiles shall there be?", "all"), ("Their region", ""), ("Write this (new profiles: 1, changed: 0)? [y/N]", "y")]
END = [(MORE, "end"), (LINE, "y")]


class World:
    """An empty home but for the shell's prompt, the stand-in for AWS, and the shell on its terminal."""

    def __init__(self, shell):
        self.shell, self.home, self.fake = shell, Home(), FakeAws()
        home, (self.rc, before, self.line) = self.home, SHELLS[shell]
        home.env.update(LC_ALL="C.UTF-8", XDG_CONFIG_HOME=home.at("config"), XDG_DATA_HOME=home.at("data"), XDG_STATE_HOME=home.at("state"),
                        ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="correct horse battery staple", SHELL="/bin/sh", AWS_REGION="eu-west-1",
                        PATH=home.at("bin") + ":" + home.env["PATH"])
        for service in ("STS", "SSO", "SSO_OIDC"):
            home.env["AWS_ENDPOINT_URL_" + service] = self.fake.url
        os.mkdir(home.at("bin"))
        os.symlink(BIN, home.at("bin/rolecall"))
        home.env["BROWSER"] = home.write("bin/browser", '#!/bin/sh\ncurl -sSL "$1" >/dev/null\n', 0o755)
        home.write(self.rc, before)

    def __enter__(self):
        self.terminal = Terminal(self.home, [self.shell], columns=110)
        return self

    def __exit__(self, *error):
        self.terminal.__exit__()
        self.fake.__exit__()
        self.home.__exit__()

    def read(self, name):
        if not os.path.exists(self.home.at(name)):
            return None
        with open(self.home.at(name), encoding="utf-8") as file:
            return file.read()

    def asked(self, question):
        self.terminal.wait(lambda screen: question in lines(screen)[-1], "`%s`" % question)

    def answer(self, answers):
        self.terminal.clear()
        self.terminal.type("rolecall setup")
        for question, text in answers:
            self.asked(question)
            self.terminal.type(text)

    def setup(self, answers):
        """Answers all questions; returns what the terminal shows at the end."""
        self.answer(answers)
        return self.terminal.wait(lambda screen: "Type next:" in screen and PROMPT.match(lines(screen)[-1]), "the end of setup")

    def anew(self):
        """The shell starts anew, with the line in its file."""
        want_in("\n%s\n" % self.line, self.read(self.rc))
        self.terminal.type("exec %s" % self.shell)
        self.terminal.clear()


def keys_and_role(shell):
    with World(shell) as world:
        screen = world.setup(KEYS + ROLE + END)
        want_in("rolecall use dev", screen)
        assert SECRET not in world.terminal.screen(history=True), "the secret shows"
        want(world.read(".aws/credentials"), None)
        want_in("111111111111", world.terminal.run("rolecall whoami bob"))
        want_in("assumed-role/dev/", world.terminal.run("rolecall whoami dev"))
        world.anew()
        want_in("dev", world.terminal.run("rolecall use dev"))
        want_in("assumed-role/dev/", world.terminal.run("rolecall whoami"))
        # A second time it has nothing to do.
        before = world.read(world.rc), world.read(".aws/config")
        screen = world.setup([(WAY, "end")])
        want_in("has the shell's line already", screen)
        want((world.read(world.rc), world.read(".aws/config")), before)


def signing_in(shell):
    with World(shell) as world:
        screen = world.setup(SSO + END)
        want_in("rolecall use other.Developer", screen)
        world.anew()
        world.terminal.run("rolecall use other.Developer")
        want_in("222222222222", world.terminal.run("rolecall whoami"))


def leaving(shell):
    with World(shell) as world:
        modes = world.terminal.run("stty -g")
        for at in range(len(KEYS)):
            world.answer(KEYS[:at])
            world.asked(KEYS[at][0])
            world.terminal.key("C-c")
            world.terminal.wait(lambda screen: PROMPT.match(lines(screen)[-1]), "the prompt after Ctrl-C")
            want_in("130", world.terminal.run("echo $status" if shell == "fish" else "echo $?", clear=False).splitlines()[-1])
        want(world.terminal.run("stty -g"), modes)
        want((world.read(".aws/config"), os.path.exists(world.home.at("data", "rolecall", "store"))), (None, False))


for shell in SHELLS:
    add_case("%s: keys and a role" % shell, lambda shell=shell: keys_and_role(shell))
    add_case("%s: signing in" % shell, lambda shell=shell: signing_in(shell))
    add_case("%s: leaving" % shell, lambda shell=shell: leaving(shell))
main(at_once=3)
