#!/usr/bin/env python3
"""A key from the shared files to its end, with moto as IAM: imported, rotated, undone, rotated again and finished. boto3 says what IAM has."""
import json
from moto_server import Moto, allow
from support import Home, case, main, want, want_in
import boto3

PROFILES = "[profile dev]\nregion = eu-west-1\n"


def rolecall(home, *arguments, code=0):
    done = home.rolecall(*arguments, "--no-input")
    want(done.returncode, code, "%s: %s" % (" ".join(arguments), done.stderr))
    return done


@case
def a_key_is_rotated_undone_and_finished():
    with Home() as home, Moto() as moto:
        home.env.update(AWS_ENDPOINT_URL=moto.url, ROLECALL_STORE="file", ROLECALL_FILE_PASSPHRASE="pass")
        iam = boto3.client("iam", region_name="eu-west-1", endpoint_url=moto.url, aws_access_key_id="admin", aws_secret_access_key="admin")
        iam.create_user(UserName="bob", Path="/team/")
        iam.put_user_policy(UserName="bob", PolicyName="own-keys", PolicyDocument=allow("iam:*", "sts:*"))
        first = iam.create_access_key(UserName="bob")["AccessKey"]
        home.write(".aws/config", PROFILES)
        home.write(".aws/credentials", "[dev]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (first["AccessKeyId"], first["SecretAccessKey"]))
        rolecall(home, "keys", "import", "dev")

        def at_iam():
            return {key["AccessKeyId"]: key["Status"] for key in iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]}

        def named():
            return json.loads(rolecall(home, "explain", "dev", "--json").stdout)["base"]["access_key_id"]

        old = first["AccessKeyId"]
        rolecall(home, "keys", "rotate", "dev")
        new = named()
        want(at_iam(), {old: "Inactive", new: "Active"})
        listed = json.loads(rolecall(home, "keys", "list", "--check", "--json").stdout)
        want({key["access_key_id"]: key["status"] for key in listed}, {old: "inactive", new: "active"})
        # IAM knows the limit by itself.
        want_in("not deleted yet", rolecall(home, "keys", "rotate", "dev", code=1).stderr)
        rolecall(home, "keys", "rotate", "dev", "--undo")
        want((at_iam(), named()), ({old: "Active"}, old))

        # A key that somebody else made stops it before anything is asked for.
        other = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
        refused = rolecall(home, "keys", "rotate", "dev", code=1)
        want_in("two access keys already", refused.stderr)
        want_in(other, refused.stderr)
        iam.delete_access_key(UserName="bob", AccessKeyId=other)
        rolecall(home, "keys", "rotate", "dev")
        rolecall(home, "keys", "rotate", "dev", "--finish")
        want(at_iam(), {named(): "Active"})
        rolecall(home, "keys", "remove", "dev", "--at-aws")
        want(at_iam(), {})


main()
