#!/usr/bin/env python3
"""Judges what AWS would be given: template.yaml as SAM translates it. Prints every fault, and fails if there is one.

The tests compare what template.yaml grants with what the functions call. This makes sure that the translation grants the
same: every function has a role of the template's own, and SAM adds neither a role nor a policy.
"""

import json
import os
import re
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

TEMPLATE = "template.yaml"
MAX_LINES = 1300
# Quotas of CloudFormation (resources of a template) and of IAM (managed policies of a role).
MAX_RESOURCES = 500
MAX_POLICIES = 10

# Resources that have to be `*`, each with its reason.
EVERYTHING = {
    "WriteTraces": "X-Ray's two actions know no resources",
    "Manage": "in a key's own policy, `*` is that key",
    "Inspect": "in a key's own policy, `*` is that key",
    "UnwrapInFunctions": "in a key's own policy, `*` is that key",
    "MakeKeysOfTenants": "in a key's own policy, `*` is that key",
    "NobodyElseUnwraps": "in a key's own policy, `*` is that key",
}
# Policies of AWS's own, each with its reason.
MANAGED_BY_AWS = {
    "ApiGatewayLogsRole": "one role for the access logs of every API of the Region; API Gateway checks for this policy",
}
RESOURCE_PART = re.compile(r"[A-Za-z0-9.:_-]+|\{[A-Za-z0-9._-]+\}")
LAST_PART = re.compile(r"\{[A-Za-z0-9._-]+\+\}")


class NoManagedPolicies:
    """SAM asks for the managed policies of AWS when it makes a role. It is to make none."""

    def load(self):
        return {}


def source():
    with open(TEMPLATE, encoding="utf-8") as file:
        return file.read()


def translated(text):
    template = yaml_parse(text)
    # What `sam deploy` puts there once the code is uploaded.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    return transform(template, {}, NoManagedPolicies())


def listed(value):
    return value if isinstance(value, list) else [value]


def of_type(template, kind):
    return {name: it for name, it in template["Resources"].items() if it["Type"] == kind}


def plain(value):
    return json.dumps(value, sort_keys=True)


def paths(template):
    for name, api in of_type(template, "AWS::ApiGateway::RestApi").items():
        for path in api["Properties"]["Body"]["paths"]:
            parts = path.split("/")
            if parts[0] != "" or parts[-1] == "":
                yield f"{name}: API Gateway has no path {path}"
            for place, part in enumerate(parts[1:], 1):
                last = place == len(parts) - 1
                if not RESOURCE_PART.fullmatch(part) and not (last and LAST_PART.fullmatch(part)):
                    yield f"{name}: {part!r} in {path} is no part of a resource"
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        arn = plain(permission["Properties"].get("SourceArn", ""))
        if '/"' in arn:
            yield f"{name}: the permission's path ends in a slash"
    for name, it in template["Resources"].items():
        if it["Type"].startswith("AWS::ApiGatewayV2::"):
            yield f"{name}: part of an HTTP API, which decodes paths and takes none that ends in a slash"


def documents(template):
    """Every policy document, under the name of its resource."""
    for name, it in template["Resources"].items():
        properties = it.get("Properties", {})
        for member in ("PolicyDocument", "KeyPolicy"):
            if member in properties:
                yield name, properties[member]
        for policy in properties.get("Policies", []) if it["Type"] == "AWS::IAM::Role" else []:
            yield name, policy["PolicyDocument"]


def policies(template):
    for name, document in documents(template):
        for statement in listed(document["Statement"]):
            sid = statement.get("Sid", "a statement without a Sid")
            for action in listed(statement["Action"]):
                if "*" in action and statement["Effect"] == "Allow":
                    yield f"{name}, {sid}: allows {action}"
            if "*" in listed(statement["Resource"]) and sid not in EVERYTHING:
                yield f"{name}, {sid}: every resource, without a reason"


def roles(before, after):
    made = of_type(after, "AWS::IAM::Role").keys() - before["Resources"].keys()
    for name in sorted(made):
        yield f"{name}: a role that SAM made, with policies of AWS's own"
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::KMS::Key"):
        for name, it in of_type(before, kind).items():
            if plain(it) != plain(after["Resources"].get(name)):
                yield f"{name}: translated into something else"
    for name, role in of_type(after, "AWS::IAM::Role").items():
        attached = role["Properties"].get("ManagedPolicyArns", [])
        if len(attached) > MAX_POLICIES:
            yield f"{name}: {len(attached)} managed policies, and IAM takes {MAX_POLICIES}"
        for policy in attached:
            if "Ref" not in policy and name not in MANAGED_BY_AWS:
                yield f"{name}: a managed policy that is not the template's own: {policy}"
    for name, function in of_type(after, "AWS::Lambda::Function").items():
        if function["Properties"]["Role"] != {"Fn::GetAtt": [f"{name}Role", "Arn"]}:
            yield f"{name}: its role is not {name}Role, its own"


def sources(after):
    for name, mapping in of_type(after, "AWS::Lambda::EventSourceMapping").items():
        properties = mapping["Properties"]
        if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: a batch that failed in part would come back whole"
        if "StreamArn" in plain(properties["EventSourceArn"]):
            if "OnFailure" not in properties.get("DestinationConfig", {}):
                yield f"{name}: what is given up would be lost"
            if properties.get("MaximumRetryAttempts", -1) < 0:
                yield f"{name}: one record could block its shard for a day"
        elif "MaximumConcurrency" not in properties.get("ScalingConfig", {}):
            yield f"{name}: receives without a function to run would count as attempts"


def kept(after):
    for name, table in of_type(after, "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        if not properties.get("DeletionProtectionEnabled"):
            yield f"{name}: not protected against deletion"
    for kind in ("AWS::DynamoDB::Table", "AWS::KMS::Key"):
        for name, it in of_type(after, kind).items():
            if (it.get("DeletionPolicy"), it.get("UpdateReplacePolicy")) != ("RetainExceptOnCreate", "Retain"):
                yield f"{name}: lost with the stack"


def documented(after):
    with open("docs/operations.md", encoding="utf-8") as file:
        told = set(re.findall(r"^\| `(\w+)` \|.*\|.*\|$", file.read().split("## Alarms")[1].split("\n## ")[0], re.MULTILINE))
    made = of_type(after, "AWS::CloudWatch::Alarm").keys() | of_type(after, "AWS::Events::Rule").keys()
    # A schedule is a rule too, that calls a function.
    made = {name for name in made if "ScheduleExpression" not in after["Resources"][name]["Properties"]}
    for name in sorted(made ^ told):
        yield f"{name}: an alarm of the template or of docs/operations.md, and not of both"
    board = plain(of_type(after, "AWS::CloudWatch::Dashboard"))
    for name in of_type(after, "AWS::CloudWatch::Alarm"):
        if f"${{{name}.Arn}}" not in board:
            yield f"{name}: not on the dashboard"


def size(text, after):
    if text.count("\n") > MAX_LINES:
        yield f"{TEMPLATE}: {text.count(chr(10))} lines, and {MAX_LINES} are agreed"
    if len(after["Resources"]) > MAX_RESOURCES:
        yield f"{TEMPLATE}: {len(after['Resources'])} resources, and CloudFormation takes {MAX_RESOURCES}"


def main():
    text = source()
    before, after = yaml_parse(text), translated(text)
    faults = [*paths(after), *policies(after), *roles(before, after), *sources(after), *kept(after), *documented(after), *size(text, after)]
    for fault in faults:
        print(fault, file=sys.stderr)
    functions = len(of_type(after, "AWS::Lambda::Function"))
    print(f"{len(after['Resources'])} resources, {functions} functions, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
