#!/usr/bin/env python3
"""A role from nothing to its end, with boto3 against moto: the two policies come from `rolecall policy`, the credentials from
`rolecall process`, and moto says what they may do."""
import json, os
from moto_server import PYTHON, Moto, allow
from support import Home, case, main, want, want_in
import boto3
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/story/bucket-reader"
PROFILES = """[default]
region = eu-west-1
[profile story]
region = eu-west-1
credential_process = {bin} process story
rolecall_role_arn = {role}
rolecall_source_profile = deployer
rolecall_external_id = story-1
rolecall_role_session_name = teller
"""


def denied(call, *arguments, **more):
    try:
        call(*arguments, **more)
    except ClientError as error:
        return want(error.response["Error"]["Code"], "AccessDenied")
    raise AssertionError("%s was allowed" % call.__name__)


def printed(home, *arguments):
    done = home.rolecall(*arguments)
    want((done.returncode, done.stderr), (0, ""), " ".join(arguments))
    return json.loads(done.stdout)


@case
def from_a_role_to_its_buckets_and_back():
    with Home() as home, Moto() as moto:
        home.env.update(AWS_ENDPOINT_URL=moto.url, ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass")
        os.environ.clear()
        os.environ.update(home.env)

        # An administrator makes a user with a key.
        admin = {"aws_access_key_id": "admin", "aws_secret_access_key": "admin", "region_name": "eu-west-1"}
        boto3.client("s3", **admin).create_bucket(Bucket="tales", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        iam = boto3.client("iam", **admin)
        iam.create_user(UserName="administrator")
        iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=allow("*"))
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        iam = boto3.client("iam", region_name="eu-west-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        iam.create_user(UserName="deployer")
        key = iam.create_access_key(UserName="deployer")["AccessKey"]
        home.write(".aws/config", PROFILES.format(bin=home.program, role=ROLE))
        home.write(".aws/credentials", "[deployer]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (key["AccessKeyId"], key["SecretAccessKey"]))

        # rolecall writes the role's trust policy and what the user needs.
        trust, caller = printed(home, "policy", "trust", "story"), printed(home, "policy", "caller", "story")
        [statement] = trust["Statement"]
        want(statement["Principal"], {"AWS": "arn:aws:iam::123456789012:user/deployer"})
        want(statement["Condition"], {"StringEquals": {"sts:ExternalId": "story-1"}})
        want(caller["Statement"][0]["Resource"], ROLE)
        iam.create_role(RoleName="bucket-reader", Path="/story/", AssumeRolePolicyDocument=json.dumps(trust))
        reading = iam.create_policy(PolicyName="reading", PolicyDocument=allow("s3:GetObject"))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="bucket-reader", PolicyArn=reading)
        moto.check_permissions()

        # Without the caller's policy the role cannot be assumed, and rolecall says so.
        refused = home.rolecall("process", "story")
        want((refused.returncode, len(refused.stdout)), (1, 0), refused.stderr)
        # moto wraps its reason otherwise than AWS, so that no Rust SDK can read it.
        want_in("AWS did not let %s be assumed" % ROLE, refused.stderr)
        iam.put_user_policy(UserName="deployer", PolicyName="assume", PolicyDocument=json.dumps(caller))

        # boto3 is told its credentials by rolecall. Reading objects is no listing of buckets.
        story = boto3.Session(profile_name="story")
        want(story.client("sts").get_caller_identity()["Arn"], "arn:aws:sts::123456789012:assumed-role/bucket-reader/teller")
        want(printed(home, "whoami", "story", "--json")["arn"], "arn:aws:sts::123456789012:assumed-role/bucket-reader/teller")
        denied(story.client("s3").list_buckets)

        # A wider policy holds at once, for the same session.
        iam.create_policy_version(PolicyArn=reading, PolicyDocument=allow("s3:GetObject", "s3:ListAllMyBuckets"), SetAsDefault=True)
        want([bucket["Name"] for bucket in story.client("s3").list_buckets()["Buckets"]], ["tales"])
        denied(story.client("s3").delete_bucket, Bucket="tales")
        # The same through the environment of a child.
        script = "import boto3; print([b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']])"
        want(home.rolecall("exec", "story", "--", PYTHON, "-c", script).stdout, "['tales']\n")

        # And the end of it.
        iam.detach_role_policy(RoleName="bucket-reader", PolicyArn=reading)
        denied(story.client("s3").list_buckets)
        iam.delete_role(RoleName="bucket-reader")
        # moto assumes roles that are gone, but not without the caller's policy.
        iam.delete_user_policy(UserName="deployer", PolicyName="assume")
        refused = home.rolecall("process", "story", "--no-cache")
        want((refused.returncode, len(refused.stdout)), (1, 0), refused.stderr)
        want_in("error: ", refused.stderr)


main()
