#!/usr/bin/env python3
"""`rolecall env` evaluated by real shells with the documented one-liners: every value comes back byte for byte, none runs as code,
and `--unset` undoes it. The values come from a credential_process, as those of a broken or hostile source would."""
import json, os, shlex, subprocess, time
from hostile import CANARY, NAME, VALUES
from support import BIN, HERE, Home, TOOLS, add_case, main, want

SET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCOUNT_ID", "ROLECALL_PROFILE")
UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN")
EXPIRY = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12 * 3600))
ACCOUNT = "222222222222"
# Each profile carries three of them, as key, secret and token.
SETS = [(VALUES[i], VALUES[(i + 1) % len(VALUES)], VALUES[(i + 2) % len(VALUES)]) for i in range(0, len(VALUES), 3)]
PROFILES = ["h%d" % i for i in range(len(SETS))] + [NAME]

SH = 'eval "$(rolecall env {p})"\n{d}\n'
SHELLS = [
    # The test, what runs the script (as an argument after -c, else on stdin), a line before, the line for each profile,
    # and how this shell quotes a name.
    *[(n, b, "", SH) for n, b in (("bash", "bash -c"), ("dash", "dash -c"), ("zsh", "zsh -fc"), ("ksh", "ksh -c"), ("mksh", "mksh -c"),
                                  ("yash", "yash -c"), ("busybox", "busybox sh -c"), ("bash posix", "bash --posix -c"))],
    *[(n + " strict", b, "set -eu\n", SH) for n, b in (("bash", "bash -c"), ("dash", "dash -c"), ("zsh", "zsh -fc"), ("ksh", "ksh -c"),
                                                       ("mksh", "mksh -c"), ("yash", "yash -c"), ("busybox", "busybox sh -c"))],
    *[(n + " in the C locale", b, "", SH) for n, b in (("bash", "bash -c"), ("zsh", "zsh -fc"), ("ksh", "ksh -c"), ("mksh", "mksh -c"))],
    ("bash function", "bash -c", "f() {{ eval \"$(rolecall env \"$1\")\"; }}\n", "f {p}\n{d}\n"),
    ("zsh function", "zsh -fc", "f() {{ eval \"$(rolecall env \"$1\")\"; }}\n", "f {p}\n{d}\n"),
    ("zsh with other options", "zsh -fc", "setopt rc_quotes sh_word_split glob_subst\n", SH),
    ("zsh with history", "zsh -f -s", "setopt bang_hist\n", SH),
    ("bash with history", "bash --norc -s", "set -o history -o histexpand\n", SH),
    ("fish", "fish -Nc", "", "rolecall env {p} --shell fish | source\n{d}\n"),
    ("fish in the C locale", "fish -Nc", "", "rolecall env {p} --shell fish | source\n{d}\n"),
    ("fish by itself", "fish -Nc", "", "rolecall env {p} | source\n{d}\n"),
    ("fish eval", "fish -Nc", "", "eval (rolecall env {p} --shell fish)\n{d}\n"),
    ("tcsh", "tcsh -fc", "", "eval \"`rolecall env {p} --shell tcsh`\"\n{d}\n"),
    ("tcsh by itself", "tcsh -fc", "", "eval \"`rolecall env {p}`\"\n{d}\n"),
    ("tcsh backslash_quote", "tcsh -fc", "set backslash_quote\n", "eval \"`rolecall env {p} --shell tcsh`\"\n{d}\n"),
    ("tcsh on stdin", "tcsh -f", "", "eval \"`rolecall env {p} --shell tcsh`\"\n{d}\n"),
    ("tcsh in the C locale", "tcsh -fc", "", "eval \"`rolecall env {p} --shell tcsh`\"\n{d}\n"),
    ("elvish", "elvish -norc -c", "", "eval (rolecall env {p} --shell elvish | slurp)\n{d}\n"),
    ("elvish by itself", "elvish -norc -c", "", "eval (rolecall env {p} | slurp)\n{d}\n"),
    ("xonsh", "xonsh --no-rc -c", "", "execx($(rolecall env {p} --shell xonsh))\n{d}\n"),
    ("nushell", "nu -n -c", "", "rolecall env {p} --shell nushell | from json | load-env\n^{d}\n"),
]


def prepare(home):
    home.env.update(LC_ALL="C.UTF-8", TERM="dumb", XDG_CONFIG_HOME=home.at("config"), ROLECALL_STORE="none", XONSH_HISTORY_BACKEND="dummy",
                    AWS_PROFILE="before", AWS_DEFAULT_PROFILE="before", AWS_SECURITY_TOKEN="before", KEPT="kept")
    home.env["PATH"] = ":".join([home.at("bin"), TOOLS + "/xonsh/venv/bin", TOOLS + "/nushell/node_modules/.bin", home.env["PATH"]])
    os.mkdir(home.at("bin"))
    os.symlink(BIN, home.at("bin/rolecall"))
    home.write("bin/dump", "#!/bin/sh\nexec cat /proc/self/environ >%s/dump.$1\n" % shlex.quote(home.path), 0o755)
    config = "[profile before]\n"
    for name, values in zip(PROFILES, [*SETS, SETS[0]]):
        printed = dict(zip(("AccessKeyId", "SecretAccessKey", "SessionToken"), values), Version=1, Expiration=EXPIRY, AccountId=ACCOUNT)
        file = home.write("json/%d" % PROFILES.index(name), json.dumps(printed))
        config += "[profile \"%s\"]\nregion = eu-west-1\ncredential_process = cat %s\n" % (name, file)
    home.write(".aws/config", config)


def read(home, number):
    path = home.at("dump.%d" % number)
    if not os.path.exists(path):
        return {}
    with open(path, "rb") as file:
        pairs = [pair.partition(b"=") for pair in file.read().split(b"\0")]
    return {name.decode(): value.decode("utf-8", "surrogateescape") for name, _, value in pairs if name}


def refused(home, shell, name, env):
    """Whether rolecall itself says that this shell cannot take the values: then nothing may be printed."""
    done = home.rolecall("env", name, "--shell", shell, env=env)
    if done.returncode == 0:
        return False
    want((done.returncode, done.stdout), (1, ""), done.stderr)
    assert "cannot be written in this form" in done.stderr, done.stderr
    return True


def quoted(shell, name):
    if shell == "nu":
        return "r#'%s'#" % name
    if shell == "elvish":
        return "'%s'" % name.replace("'", "''")
    if shell == "xonsh":
        return "@(%r)" % name
    if shell == "fish":
        return "'%s'" % name.replace("\\", "\\\\").replace("'", "\\'")
    return shlex.quote(name) if shell != "tcsh" else "'%s'" % name.replace("'", "'\\''").replace("!", "\\!")


def run(test, argv, before, each):
    with Home() as home:
        prepare(home)
        argv = argv.split()
        shell = {"busybox": "sh", "yash": "sh", "mksh": "sh", "nu": "nushell"}.get(argv[0], argv[0])
        env = {"LC_ALL": "C"} if "C locale" in test else {}
        env.update(SHELL="/bin/false")
        # tcsh takes a quoted name between backquotes and double quotes apart itself, so it gets only tame ones.
        chosen = [name for name in PROFILES if shell != "tcsh" or name != NAME]
        chosen = [name for name in chosen if not refused(home, shell, name, env)]
        assert len(chosen) > len(PROFILES) * (0.8 if shell == "tcsh" else 1) - 1, "%d of %d refused" % (len(PROFILES) - len(chosen), len(PROFILES))
        lines = [before.format()] + [each.format(p=quoted(argv[0], name) if name == NAME else name, d="dump %d" % PROFILES.index(name)) for name in chosen]
        lines.append(each.format(p="--unset", d="dump 999"))
        script = "".join(lines)
        more = {"input": script} if argv[-1] in ("-s", "-f") else {}
        done = home.run(*argv, *([] if more else [script]), env=env, timeout=240, **more)
        bad = []
        if done.returncode or done.stdout or done.stderr:
            bad.append("exit %d, printed %r" % (done.returncode, (done.stdout + done.stderr)[:1500]))
        if os.path.exists(home.at(CANARY)):
            bad.append("CODE RAN")
        for name in chosen:
            got, number = read(home, PROFILES.index(name)), PROFILES.index(name)
            wanted = dict(zip(SET, [*(SETS[number] if number < len(SETS) else SETS[0]), EXPIRY, "eu-west-1", "eu-west-1", ACCOUNT, name]))
            bad += ["%s: %s is %r, not %r" % (name, key, (got.get(key) or "")[:80] if key in got else None, value[:80])
                    for key, value in wanted.items() if got.get(key) != value]
            bad += ["%s: %s is still set" % (name, key) for key in UNSET if key in got]
        after = read(home, 999)
        bad += ["after --unset %s is %r" % (key, after[key]) for key in SET + UNSET if key in after]
        if after.get("KEPT") != "kept":
            bad.append("--unset took something else away")
        assert not bad, "\n        ".join(["%d problems" % len(bad), *bad[:12]])


def detected(argv, wanted):
    """The calling shell is found out without --shell, whatever $SHELL says."""
    with Home() as home:
        prepare(home)
        argv = argv.split()
        done = home.run(*argv, "rolecall env h0 -v; echo", env={"SHELL": "/bin/false"})
        assert "printing for the shell %s\n" % wanted in done.stderr, done.stderr


def readers_of_dotenv():
    with Home() as home:
        prepare(home)
        for name, values in zip(PROFILES, SETS):
            done = home.rolecall("env", name, "--format", "json")
            got = json.loads(done.stdout)
            want(tuple(got[key] for key in SET[:3]), values, "json")
            done = home.rolecall("env", name, "--format", "dotenv")
            if done.returncode:
                want(done.stdout, "")
                continue
            if any("\n" in value or "\r" in value for value in values):
                continue
            file = home.write("env", done.stdout)
            os.path.exists(home.at("dump.0")) and os.remove(home.at("dump.0"))
            sourced = home.run("sh", "-c", 'set -a; . "$1"; dump 0', "-", file)
            want((sourced.returncode, sourced.stderr), (0, ""), "sh reading dotenv")
            got = read(home, 0)
            want(tuple(got.get(key) for key in SET[:3]), values, "dotenv read by sh")
        assert not os.path.exists(home.at(CANARY)), "CODE RAN"


def parsed(home, *texts):
    """What PowerShell would make of scripts, by a grammar of it: the program itself cannot be had."""
    files = [home.write("%d.ps1" % number, text) for number, text in enumerate(texts)]
    done = home.run(TOOLS + "/powershell/venv/bin/python", os.path.join(HERE, "powershell_syntax.py"), *files)
    want(done.returncode, 0, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def powershell_scripts():
    with Home() as home:
        calls = [("init", "powershell"), ("init", "powershell", "--prompt"), ("completions", "powershell")]
        scripts = [home.rolecall(*call).stdout for call in calls]
        for call, script, found in zip(calls, scripts, parsed(home, *scripts)):
            want(found["wrong"], [], " ".join(call))
        # A brace, a quote or a parenthesis less, and the check sees it.
        for script in scripts:
            for mark in ("}", "'", ")"):
                before, _, after = script.rpartition(mark)
                assert parsed(home, before + after)[0]["wrong"], "%r was taken away, and nothing is wrong" % mark


def powershell_values():
    """What `env` prints sets variables and runs nothing."""
    with Home() as home:
        prepare(home)
        printed = [home.rolecall("env", name, "--shell", "powershell").stdout for name in PROFILES]
        printed.append(home.rolecall("env", "--unset", "--shell", "powershell").stdout)
        for name, found in zip([*PROFILES, "--unset"], parsed(home, *printed)):
            want(found, {"wrong": [], "commands": []}, name)
        broken = "$env:X = 'a' + [char]0x00e9 + ''%s'"
        assert parsed(home, broken % "b")[0]["wrong"], "a quote too many is not seen"
        want(parsed(home, "$env:X = 'a'; touch ran")[0]["commands"], ["touch ran"])


def version(program):
    argv = {"dash": "dpkg-query -W -f ${Version} dash", "yash": "yash --version", "ksh": "ksh -c 'echo ${.sh.version}'", "mksh": "mksh -c 'echo $KSH_VERSION'",
            "busybox": "busybox", "elvish": "elvish -version"}.get(program, program + " --version")
    path = {"xonsh": TOOLS + "/xonsh/venv/bin:", "nu": TOOLS + "/nushell/node_modules/.bin:"}.get(program, "")
    done = subprocess.run(shlex.split(argv), env={**os.environ, "PATH": path + os.environ["PATH"]}, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().split("\n")[0]


for program in dict.fromkeys(entry[1].split()[0] for entry in SHELLS):
    try:
        print("%-8s %s" % (program, version(program)))
    except OSError as error:
        print("%-8s %s" % (program, error))
print("not available here: PowerShell (in no registry for this system; its scripts are parsed), cmd (Windows)")
for entry in SHELLS:
    add_case(entry[0], lambda entry=entry: run(*entry))
for argv, wanted in (("bash -c", "sh"), ("zsh -fc", "sh"), ("fish -Nc", "fish"), ("tcsh -fc", "tcsh"), ("elvish -norc -c", "elvish"), ("nu -n -c", "nushell"),
                     ("busybox sh -c", "sh")):
    add_case("detects " + argv.split()[0], lambda argv=argv, wanted=wanted: detected(argv, wanted))
add_case("dotenv and json", readers_of_dotenv)
add_case("powershell parses scripts", powershell_scripts)
add_case("powershell parses values", powershell_values)
main(at_once=4)
