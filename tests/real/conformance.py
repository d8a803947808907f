#!/usr/bin/env python3
"""Runs the black-box conformance cases that lie beside the checkout, or where ROLECALL_CONFORMANCE says."""
import glob, json, os, re, subprocess, sys, tempfile
from support import BIN, HERE, Home, ROOT

# Why the runner may skip a case: it tests a verb that the runner cannot call, or another system.
SKIPPED_FOR = ("adapter has no command for this kind", "windows only")

folder = os.environ.get("ROLECALL_CONFORMANCE") or os.path.join(ROOT, "..", "shared", "conformance")
if not os.path.isfile(os.path.join(folder, "tools", "run.py")):
    print("the conformance cases are not present: nothing run")
    print("0 passed, 0 failed")
    sys.exit(0)



def edited(case):
    """What `rolecall profile` makes of a case of the AWS CLI's writer: the outcome and what is told of it."""
    # A bare name is no profile in the config file, and one in the credentials file.
    name = case["section"].removeprefix("profile ")
    in_config = case["section"] in ("default", "profile " + name)
    words = ["%s.%s=%s" % (key, part, value) if part else "%s=%s" % (key, value) for key, values in case["set"].items()
             for part, value in (values.items() if isinstance(values, dict) else [("", values)])]
    with Home() as home:
        path = home.write(".aws/config" if in_config else ".aws/credentials", case["config"])
        is_there = home.rolecall("profile", "show", "--profile=" + name).returncode == 0
        done = home.rolecall("profile", "set" if is_there else "add", "--profile=" + name, *words)
        if done.returncode:
            return {"status": "fail", "detail": done.stderr}
        with open(path, newline="") as file:
            left = file.read()

    def without_style(text):
        """A new line takes the blanks around its `=` from its section."""
        return re.sub(r"^([^=\n]*?)[ \t]*=[ \t]*", r"\1=", text, flags=re.M)
    same = without_style(left) == without_style(case["expect"]["config_file_equals"])
    return {"status": "pass" if same else "fail", "detail": repr(left)}


unanimous = set(json.load(open(os.path.join(folder, "unanimous.json"))))
accepted = set(re.findall(r"^\| `([^`]+)`", open(os.path.join(HERE, "conformance.md")).read(), re.M))
with tempfile.TemporaryDirectory() as scratch:
    out = os.path.join(scratch, "results.json")
    run = subprocess.run([sys.executable, os.path.join(folder, "tools", "run.py"), "--bin", BIN, "--out", out, "-j", "8"],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if not os.path.isfile(out):
        sys.exit(run.stdout + run.stderr + "\nthe runner gave no results")
    results = json.load(open(out))["results"]

for path in glob.glob(os.path.join(folder, "cases", "config-writer", "*.json")):
    with open(path) as file:
        case = json.load(file)
    results[case["id"]] = edited(case)

passed, failed, skipped = 0, 0, {}
for name in sorted(results):
    status, detail = results[name]["status"], results[name]["detail"]
    if status == "pass":
        passed += 1
        if name in accepted:
            failed += 1
            print("FAIL  %s passes: take it out of conformance.md" % name)
    elif status == "skip":
        skipped[detail] = skipped.get(detail, 0) + 1
        if detail not in SKIPPED_FOR:
            failed += 1
            print("FAIL  %s was skipped: %s" % (name, detail[:300]))
    elif name in unanimous and not name.startswith("config-writer/"):
        failed += 1
        print("FAIL  %s (no SDK differs): %s" % (name, detail[:300]))
    elif name in accepted:
        print("other %s, as conformance.md says" % name)
    else:
        failed += 1
        print("FAIL  %s: %s" % (name, detail[:300]))
for name in sorted((unanimous | accepted) - set(results)):
    failed += 1
    print("FAIL  %s was not run" % name)
for reason, number in skipped.items():
    print("not available here: %d cases: %s" % (number, reason))
print("%d passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
