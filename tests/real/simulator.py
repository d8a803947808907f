#!/usr/bin/env python3
"""`rolecall can` against ministack, whose policy simulator evaluates the policies of its IAM; the answers are compared with what
boto3 gets from the same simulator."""
import json, os, sys, tempfile
from support import Home, Server, TOOLS, case, main, want, want_in

PYTHON = os.path.join(TOOLS, "ministack", "venv", "bin", "python")
if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
    os.execv(PYTHON, [PYTHON, *sys.argv])

import boto3

ACCOUNT = "000000000000"
ROLE = "arn:aws:iam::%s:role/reader" % ACCOUNT
USER = "arn:aws:iam::%s:user/bob" % ACCOUNT
BUCKET = "arn:aws:s3:::tales/one"
PROFILES = """[profile reader]
region = eu-west-1
role_arn = %s
source_profile = bob
[profile bob]
region = eu-west-1
""" % ROLE


class Ministack(Server):
    def __init__(self, folder):
        env = dict(os.environ, SERVICES="iam,sts", HOME=folder, TMPDIR=folder)
        program = os.path.join(os.path.dirname(PYTHON), "ministack")
        super().__init__(["env", "GATEWAY_PORT={port}", program], "/_ministack/health", env=env, cwd=folder)


def policy(*statements):
    whole = [dict({"Effect": "Allow", "Resource": "*"}, **statement) for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def can(home, *arguments):
    """What rolecall says of each action, and its exit code."""
    done = home.rolecall("can", *arguments, "--json")
    want(done.stderr, "", " ".join(arguments))
    return {one["action"]: one["decision"] for one in json.loads(done.stdout)["results"]}, done.returncode


def simulated(iam, arn, actions, resource):
    """What boto3 is told by the same simulator, in rolecall's words."""
    names = {"allowed": "allowed", "explicitDeny": "explicit_deny", "implicitDeny": "implicit_deny"}
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, ResourceArns=[resource])
    return {one["EvalActionName"]: names[one["EvalDecision"]] for one in answer["EvaluationResults"]}


@case
def answers_are_those_of_the_simulator():
    with Home() as home, tempfile.TemporaryDirectory() as folder, Ministack(folder) as ministack:
        home.env.update(AWS_ENDPOINT_URL=ministack.url, ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass")
        os.environ.clear()
        os.environ.update(home.env)
        iam = boto3.client("iam", aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        iam.create_user(UserName="bob")
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=policy({"Action": ["sts:AssumeRole", "iam:Simulate*"]}))
        trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}]})
        iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName="reader", PolicyName="inline", PolicyDocument=policy(
            {"Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::tales/*"},
            {"Effect": "Deny", "Action": "s3:DeleteObject"}))
        managed = iam.create_policy(PolicyName="listing", PolicyDocument=policy({"Action": "ec2:Describe*"}))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="reader", PolicyArn=managed)
        home.write(".aws/config", PROFILES)
        home.write(".aws/credentials", "[bob]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (key["AccessKeyId"], key["SecretAccessKey"]))

        actions = ["s3:GetObject", "s3:DeleteObject", "s3:ListBucket", "ec2:DescribeInstances", "sts:AssumeRole"]
        for profile, arn in ("reader", ROLE), ("bob", USER):
            for resource in BUCKET, "arn:aws:s3:::other/one":
                wanted = simulated(iam, arn, actions, resource)
                want(can(home, profile, *actions, "--resource", resource), (wanted, 1), "%s on %s" % (profile, resource))
        want(can(home, "reader", "s3:GetObject", "s3:PutObject", "--resource", BUCKET), ({"s3:GetObject": "allowed", "s3:PutObject": "allowed"}, 0))
        want(simulated(iam, ROLE, ["s3:DeleteObject"], BUCKET), {"s3:DeleteObject": "explicit_deny"})

        # A session policy takes away what the role has, and gives nothing.
        scope = policy({"Action": ["s3:GetObject", "s3:ListBucket"]})
        scoped, _ = can(home, "reader", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "--resource", BUCKET, "--policy", scope)
        want(scoped, {"s3:GetObject": "allowed", "s3:PutObject": "implicit_deny", "s3:ListBucket": "implicit_deny"})
        scoped, _ = can(home, "reader", "s3:GetObject", "ec2:DescribeInstances", "--policy-arn", managed)
        want(scoped, {"s3:GetObject": "implicit_deny", "ec2:DescribeInstances": "allowed"})

        # The rights of another profile, and the table.
        want(can(home, "reader", "ec2:DescribeInstances", "--as", "bob"), ({"ec2:DescribeInstances": "allowed"}, 0))
        table = home.rolecall("can", "reader", "ec2:DescribeInstances", "ec2:RunInstances")
        want(table.returncode, 1)
        for text in "Policies of " + ROLE, "no statement allows it", "Not covered: resource policies":
            want_in(text, table.stdout)


main()
