"""A private session bus with a real gnome-keyring on it, and a kernel that forbids its keyrings."""
import ctypes, os, platform, signal, socket, struct, subprocess, threading, time

BUS = """<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth><policy context='default'>
<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy><servicedir>%s</servicedir></busconfig>"""
# Who shows the dialogs of gnome-keyring; this one never gets as far as that.
PROMPTER = "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/sleep 60\n"
PASSWORD = "secret pass"


class Desktop:
    """A bus in a home; without a service file, so that nothing starts over it by itself."""

    def __init__(self, home):
        self.home, self.keyring = home, None
        home.env.pop("DISPLAY", None)
        self.bus = subprocess.Popen(["dbus-daemon", "--config-file=" + home.write("bus.conf", BUS % (home.at("bus"), home.at("services"))), "--nofork", "--print-address"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home.env, text=True)
        home.env["DBUS_SESSION_BUS_ADDRESS"] = self.bus.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_keyring()
        self.bus.kill()
        self.bus.wait()

    def start_keyring(self, unlocked=True):
        argv = ["gnome-keyring-daemon", "--components=secrets", "--foreground"] + (["--unlock"] if unlocked else [])
        self.keyring = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.home.env)
        self.keyring.stdin.write(PASSWORD.encode() if unlocked else b"")
        self.keyring.stdin.close()
        self._wait_until(True)

    def stop_keyring(self):
        if self.keyring:
            self.keyring.kill()
            self.keyring.wait()
            self.keyring = None
            self._wait_until(False)

    def pause(self):
        self.keyring.send_signal(signal.SIGSTOP)

    def resume(self):
        self.keyring.send_signal(signal.SIGCONT)

    def lock(self):
        done = self.send("--dest=org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock",
                         "array:objpath:/org/freedesktop/secrets/collection/login")
        assert done.returncode == 0, done.stderr

    def start_a_prompter_that_stays_silent(self):
        self.home.write("services/prompter.service", PROMPTER)
        self.send("--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.ReloadConfig")

    def send(self, *arguments):
        return self.home.run("dbus-send", "--print-reply", *arguments)

    def _wait_until(self, owned):
        end = time.monotonic() + 10
        while ("boolean true" in self.send("--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner",
                                           "string:org.freedesktop.secrets").stdout) != owned:
            assert time.monotonic() < end, "the keyring did not " + ("start" if owned else "end")
            time.sleep(0.02)


class SilentBus:
    """Accepts connections and never answers."""

    def __init__(self, home):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(home.at("silent"))
        self.socket.listen(16)
        self.held = []
        home.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=" + home.at("silent")
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.held.append(self.socket.accept())
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection, _ in self.held:
            connection.close()


def forbid_keyutils():
    """For `preexec_fn`: add_key, request_key and keyctl answer EPERM, as in many containers."""
    first, last = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
    load, at_least, greater, give = 0x20, 0x35, 0x25, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | 1
    code = [(load, 0, 0, 0), (at_least, 0, 2, first), (greater, 1, 0, last), (give, 0, 0, refuse), (give, 0, 0, allow)]
    text = b"".join(struct.pack("HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(text)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    no_new_privileges, seccomp, filter_mode = 38, 22, 2
    if prctl(no_new_privileges, 1, 0, 0, 0) or prctl(seccomp, filter_mode, program, 0, 0):
        os._exit(99)
