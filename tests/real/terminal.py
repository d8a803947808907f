"""A real shell on a real terminal: tmux types and reads the screen."""
import re, subprocess, time

# With nothing typed, and maybe more to its left or, at the terminal's edge, to its right.
PROMPT = re.compile(r"(^|.* )@>($|   +[^ ].*$)")


class Terminal:
    """One shell in one tmux window, whose prompt is `@> `. Ends with the `with` block."""

    def __init__(self, home, argv, columns=160, rows=50):
        self.socket = home.at("tmux")
        env = {**home.env, "TERM": "xterm-256color"}
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), "env", "TERM=screen-256color", *argv, env=env, cwd=home.path)
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        self.wait(lambda screen: PROMPT.match(lines(screen)[-1]), "the first prompt")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)

    def _tmux(self, *arguments, **more):
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True, text=True, timeout=30, **more)
        assert done.returncode == 0, "tmux %s: %s" % (arguments[0], done.stderr)
        return done.stdout

    def screen(self, colours=False, history=False):
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []), *(["-S", "-"] if history else []))

    def wait(self, ready, what, seconds=30):
        """Waits until the screen is as wanted, and stays so for a moment."""
        until, before = time.monotonic() + seconds, None
        while True:
            screen = self.screen()
            if ready(screen) and screen == before:
                return screen
            before = screen
            assert time.monotonic() < until, "waited in vain for %s; the screen:\n%s" % (what, screen.rstrip())
            time.sleep(0.05)

    def type(self, text, enter=True):
        if text:
            self._tmux("send-keys", "-l", "--", text)
        if enter:
            self._tmux("send-keys", "Enter")

    def key(self, name):
        self._tmux("send-keys", name)

    def clear(self):
        self.type("clear")
        self.wait(lambda screen: len(lines(screen)) == 1 and PROMPT.match(lines(screen)[0]), "a clear screen")

    def run(self, line, clear=True):
        """Types a line and returns what stands on the screen below it when the prompt is back."""
        if clear:
            self.clear()
        self.type(line)
        screen = self.wait(lambda screen: len(lines(screen)) > 1 and PROMPT.match(lines(screen)[-1]), "the end of %r" % line)
        return "\n".join(lines(screen)[1:-1])


def lines(screen):
    return [line.rstrip() for line in screen.rstrip().split("\n")]
