"""moto, as a server of its own, and the Python that has it and boto3: whoever imports this runs by that one."""
import json, os, sys, urllib.request
from support import TOOLS, Server

PYTHON = os.path.join(TOOLS, "moto", "venv", "bin", "python")
if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
    os.execv(PYTHON, [PYTHON, *sys.argv])


class Moto(Server):
    def __init__(self):
        super().__init__([PYTHON, "-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"], "/moto-api/data.json")

    def check_permissions(self):
        """From now on every call needs a policy that allows it."""
        request = urllib.request.Request(self.url + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(request).close()


def allow(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
