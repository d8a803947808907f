"""Holds requests beside botocore's models of their services: on stdin a list of calls as the stand-in prints them. Prints what a model
does not know, what it demands and is missing, and what has another type or size; a line each, none where all is well."""
import json, sys

import botocore.session
from botocore.validate import ParamValidator

LISTS = ("list", "structure", "map")


def value_of(text, shape):
    """The stand-in shows everything as text."""
    if shape.type_name in LISTS:
        return json.loads(text)
    return int(text) if shape.type_name in ("integer", "long") else text


def members(call, shape):
    """The members of a call, under the names of the model."""
    wire = {}
    for name, member in shape.members.items():
        wire[member.serialization.get("name", name).lower()] = (name, member)
        if member.serialization.get("location") == "header":
            text = call["headers"].get(member.serialization["name"].lower())
            if text is not None:
                yield name, text
    for name, text in call["params"].items():
        known, member = wire.get(name.lower(), (name, None))
        yield known, value_of(text, member) if member else text


def main():
    session = botocore.session.get_session()
    for call in json.load(sys.stdin):
        shape = session.get_service_model(call["service"]).operation_model(call["operation"]).input_shape
        report = ParamValidator().validate(dict(members(call, shape)), shape)
        if report.has_errors():
            print("%s: %s" % (call["operation"], report.generate_report()))


main()
