"""boto3 clients for a test's server, and the few calls that every test makes."""

import io
import json
import os
import time
import uuid
import zipfile

import boto3
import botocore.config

TERMINAL = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def client(service, variables, access_key=None, secret_key=None, session_token=None, retries=0, pool=16):
    """A client made from the variables that `escapement env` prints, or with other keys."""
    return boto3.client(
        service,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=access_key or variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret_key or variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=session_token,
        config=botocore.config.Config(retries={"max_attempts": retries}, max_pool_connections=pool, connect_timeout=5, read_timeout=70),
    )


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


def archive(files):
    """A zip archive; a value is the file's text, or (text, mode)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            text, mode = content if isinstance(content, tuple) else (content, 0o644)
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100000 | mode) << 16
            out.writestr(entry, text)
    return buffer.getvalue()


def trust(service):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


def policy(*statements):
    """Each statement is (action or actions, resource or resources)."""
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]})


def make_role(iam, service, *statements, name=None):
    name = name or unique("role")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy(*statements))
    return arn


def make_function(lambda_client, role, runtime, handler, files, name=None, **more):
    name = name or unique("function")
    lambda_client.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=role, Code={"ZipFile": archive(files)}, **more)
    deadline = time.monotonic() + 30
    while True:
        configuration = lambda_client.get_function_configuration(FunctionName=name)
        if configuration["State"] != "Pending":
            return configuration["FunctionArn"]
        if time.monotonic() > deadline:
            raise AssertionError(f"the function {name} stays pending")
        time.sleep(0.05)


def await_end(states, execution_arn, timeout=60.0):
    """The description of the execution once it has ended."""
    deadline = time.monotonic() + timeout
    while True:
        description = states.describe_execution(executionArn=execution_arn)
        if description["status"] in TERMINAL:
            return description
        if time.monotonic() > deadline:
            raise AssertionError(f"{execution_arn} is still {description['status']} after {timeout} s")
        time.sleep(0.05)


def history(states, execution_arn, **more):
    events = []
    token = {}
    while True:
        page = states.get_execution_history(executionArn=execution_arn, maxResults=1000, **token, **more)
        events += page["events"]
        if "nextToken" not in page:
            return events
        token = {"nextToken": page["nextToken"]}


def variables_from_environment():
    return {name: os.environ[name] for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")}
