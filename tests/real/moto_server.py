"""moto, as a server of its own, and the Python that has it and boto3: whoever imports this runs by that one."""
import json, os, socket, subprocess, sys, time, urllib.request
from support import TOOLS

PYTHON = os.path.join(TOOLS, "moto", "venv", "bin", "python")
if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
    os.execv(PYTHON, [PYTHON, *sys.argv])


class Moto:
    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % port
        # Its log goes to the test's own, for when something fails.
        self.process = subprocess.Popen([PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=sys.stdout, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                return urllib.request.urlopen(self.url + "/moto-api/data.json").close()
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "moto did not start"
                time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def check_permissions(self):
        """From now on every call needs a policy that allows it."""
        request = urllib.request.Request(self.url + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(request).close()


def allow(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
