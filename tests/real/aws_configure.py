"""`aws configure` many times in one process, run by the Python of an AWS CLI of version 1 or 2.

Each line of stdin is a JSON object: the paths `config` and `credentials`, and `commands`, lists of words after `aws configure`.
Each answer is a line, the list of what they printed; null for a command that failed."""
import contextlib, io, json, os, sys

from awscli.clidriver import create_clidriver


def configure(words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            code = create_clidriver().main(["configure", *words])
        except SystemExit as end:
            code = end.code
    return None if code else out.getvalue()


for line in sys.stdin:
    asked = json.loads(line)
    os.environ.update(AWS_CONFIG_FILE=asked["config"], AWS_SHARED_CREDENTIALS_FILE=asked["credentials"])
    print(json.dumps([configure(words) for words in asked["commands"]]), flush=True)
