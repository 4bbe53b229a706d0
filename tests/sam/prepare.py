"""Makes of template.yaml what `sam local start-api` runs without a build: x86_64, each function's code a directory with
its binary in it, and the addresses of the local back ends among the variables.

Usage: prepare.py TEMPLATE BINARIES LAMBDA_ENV OUT
"""

import json
import os
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

# What SAM makes of ANY. It lets that win over a method that another function has at the same path, as API Gateway does not.
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
# SAM sets a variable for a function only where its template declares it.
BACK_ENDS = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_SQS")


def api_events(function):
    """Those that come from the API, by name."""
    events = function["Properties"].get("Events", {})
    return {name: event for name, event in events.items() if event["Type"] == "Api"}


def place(event):
    """Method and path."""
    return event["Properties"]["Method"], event["Properties"]["Path"]


def main(template_path, binaries, environment_path, out):
    template = yaml_parse(Path(template_path).read_text(encoding="utf-8"))
    lines = Path(environment_path).read_text(encoding="utf-8").splitlines()
    environment = dict(line.split("=", 1) for line in lines if line)

    defaults = template["Globals"]["Function"]
    defaults["Architectures"] = ["x86_64"]
    # A debug binary on a busy machine; the memory is a limit of the container.
    defaults["Timeout"] = 29
    defaults["Environment"]["Variables"].update({name: "" for name in BACK_ENDS})

    functions = [it for it in template["Resources"].values() if it["Type"] == "AWS::Serverless::Function"]
    taken = {place(event) for function in functions for event in api_events(function).values()}
    routes = {}
    for resource in functions:
        binary = resource.pop("Metadata")["BuildProperties"]["Binary"]
        code = Path(out, "functions", binary)
        code.mkdir(parents=True, exist_ok=True)
        bootstrap = code / "bootstrap"
        bootstrap.unlink(missing_ok=True)
        os.link(Path(binaries, binary), bootstrap)
        resource["Properties"]["CodeUri"] = str(code)
        for name, event in api_events(resource).items():
            method, path = place(event)
            if method != "ANY":
                routes[binary] = [method, path]
                continue
            del resource["Properties"]["Events"][name]
            for other in METHODS:
                if (other, path) not in taken:
                    properties = {**event["Properties"], "Method": other}
                    resource["Properties"]["Events"][name + other.title()] = {**event, "Properties": properties}

    def write(name, value):
        Path(out, name).write_text(json.dumps(value, indent=1, default=str), encoding="utf-8")

    write("template.json", template)
    write("environment.json", {"Parameters": environment})
    write("operations.json", routes)


if __name__ == "__main__":
    main(*sys.argv[1:])
