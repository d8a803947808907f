"""Long-term keys in a store, put in and taken out as a person does it."""
import fcntl, os, pty, subprocess, termios

ID, SECRET = "AKIABOB0000000000000", "bobs/secret+key"


def add(home, profile, *options, **more):
    """Pipes bob's keys to `keys add`."""
    return home.rolecall("keys", "add", profile, "--region", "eu-west-1", *options, input="%s\n%s\n" % (ID, SECRET), **more)


def export(home, profile):
    """What `keys export` prints after a yes at its terminal."""
    person, terminal = pty.openpty()
    process = subprocess.Popen([home.program, "keys", "export", profile], env=home.env, stdin=terminal, stdout=subprocess.PIPE,
                               stderr=terminal, text=True, start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(terminal, termios.TIOCSCTTY, 0))
    os.close(terminal)
    shown = ""
    while "[y/N]" not in shown:
        shown += os.read(person, 4096).decode()
    os.write(person, b"y\n")
    printed = process.communicate(timeout=60)[0]
    os.close(person)
    return printed


def files_with_the_secret(home):
    """The files of a home that hold the secret in plain text."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(home.path) for name in names]
    return [path for path in paths if os.path.isfile(path) and SECRET.encode() in open(path, "rb").read()]
