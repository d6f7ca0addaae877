"""Changes of an OpenAPI 3.1 document that break its clients. The new document must accept every request that the old one
accepts, and return only responses that the old one describes. A changed keyword that is not known here counts as breaking.

    compare.py BEFORE AFTER

lists the breaking changes, and fails if there are any and `info.version` does not permit them. Needs only Python 3.9."""

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

METHODS = ("get", "put", "post", "delete", "patch")
# Keywords without effect on values. `discriminator` follows from `oneOf`.
ANNOTATIONS = {"description", "title", "example", "examples", "summary", "deprecated", "$comment", "discriminator", "$ref"}
LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
STRUCTURE = {"type", "const", "enum", "properties", "required", "items", "additionalProperties", "default"}
REQUEST, RESPONSE = "request", "response"


def breaking_changes(before, after):
    """Returns a line for each change from `before` to `after` that breaks clients."""
    comparison, lines = Comparison(before, after), {}
    for path, item in before["paths"].items():
        new_item = after["paths"].get(path, {})
        for method in METHODS:
            if method in item:
                old = Operation(before, item, item[method])
                new = Operation(after, new_item, new_item[method]) if method in new_item else None
                # Operations share schemas, and thus lines.
                lines.update(dict.fromkeys(comparison.operation(old, new, f"{method.upper()} {path}")))
    # Clients name their types after them.
    names = before["components"]["schemas"].keys() - after["components"]["schemas"].keys()
    return [*lines, *(f"the schema {name} is gone" for name in sorted(names))]


def resolved(document, value):
    """Returns the target of a `$ref` with the members beside it, which include the `$ref`."""
    if not isinstance(value, dict) or "$ref" not in value:
        return value
    target = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        target = target[step.replace("~1", "/").replace("~0", "~")]
    return {**resolved(document, target), **value}


def expanded(document, value, within=()):
    """Returns a value with the targets of its references in their places. A reference to what it is within stays."""
    if isinstance(value, list):
        return [expanded(document, it, within) for it in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if reference is not None and reference not in within:
        value = {name: it for name, it in resolved(document, value).items() if name != "$ref"}
        within = (*within, reference)
    return {name: expanded(document, it, within) for name, it in value.items()}


def component(value):
    """Returns the name of the component that a value was resolved from, if it was."""
    return value.get("$ref", "").rsplit("/", 1)[-1]


class Operation:
    """Operation with everything that it inherits and refers to."""

    def __init__(self, document, item, operation):
        def get(value):
            return resolved(document, value)

        listed = [get(it) for it in item.get("parameters", []) + operation.get("parameters", [])]
        self.id = operation.get("operationId")
        servers = operation.get("servers") or item.get("servers") or document.get("servers") or [{"url": "/"}]
        # Hosts differ between deployments, and their paths are a part of the API.
        self.bases = {urlsplit(it["url"]).path.rstrip("/") for it in servers}
        self.parameters = {(it["in"], it["name"]): it for it in listed}
        self.body = get(operation.get("requestBody"))
        self.responses = {status: get(it) for status, it in operation["responses"].items()}
        self.headers = {
            status: {name.lower(): get(header) for name, header in it.get("headers", {}).items()}
            for status, it in self.responses.items()
        }
        schemes = document["components"].get("securitySchemes", {})
        # Alternative sets of schemes, which are compared without their descriptions.
        self.security = [
            {repr(sorted((key, it) for key, it in schemes[name].items() if key != "description")) for name in names}
            for names in operation.get("security", document.get("security")) or [{}]
        ]


class Comparison:
    """Comparison of the parts of two documents. Each method yields a line for each breaking change."""

    def __init__(self, before, after):
        self.before = before
        self.after = after
        # Pairs of references that are being compared, because schemas may be recursive.
        self.pending = set()

    def operation(self, old, new, where):
        if new is None:
            yield f"{where} is gone"
            return
        if new.id != old.id:
            yield f"{where}: operationId is {new.id} instead of {old.id}"
        yield from (f"servers: the path {base or '/'} is gone" for base in sorted(old.bases - new.bases))
        if not all(any(fewer <= schemes for fewer in new.security) for schemes in old.security):
            yield f"{where}: credentials that were accepted are not"
        yield from self.parameters(old.parameters, new.parameters, where)
        yield from self.body(old.body, new.body, f"{where}: the request body")
        gone = {status for status in old.responses.keys() - new.responses.keys() if status < "4"}
        for status in sorted(gone | (new.responses.keys() - old.responses.keys())):
            yield f"{where}: the status {status} is {'gone' if status in gone else 'new'}"
        for status in sorted(old.responses.keys() & new.responses.keys()):
            there = f"{component(old.responses[status]) or where}: {status}"
            yield from self.contents(old.responses[status], new.responses[status], RESPONSE, there)
            yield from self.headers(old.headers[status], new.headers[status], there)

    def parameters(self, old, new, where):
        for kind, name in new.keys() - old.keys():
            if new[kind, name].get("required"):
                yield f"{where}: the {kind} parameter {name} is new and required"
        for (kind, name), parameter in old.items():
            other, there = new.get((kind, name)), f"the {kind} parameter {name}"
            if other is None:
                yield f"{where}: {there} is gone"
                continue
            if not component(parameter):
                there = f"{where}: {there}"
            if other.get("required") and not parameter.get("required"):
                yield f"{there} is required"
            for keyword in ("style", "explode", "allowReserved", "content"):
                if parameter.get(keyword) != other.get(keyword):
                    yield f"{there}: another {keyword}"
            yield from self.schemas(parameter.get("schema", {}), other.get("schema", {}), REQUEST, there)

    def body(self, old, new, where):
        if old is not None and new is None:
            yield f"{where} is gone"
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{where} is required"
        if old is not None and new is not None:
            yield from self.contents(old, new, REQUEST, where)

    def contents(self, old, new, direction, where):
        old, new = old.get("content", {}), new.get("content", {})
        changed = old.keys() - new.keys() if direction == REQUEST else old.keys() ^ new.keys()
        for media_type in sorted(changed):
            yield f"{where}: {media_type} is {'gone' if media_type in old else 'new'}"
        for media_type in sorted(old.keys() & new.keys()):
            content, other = old[media_type], new[media_type]
            yield from self.schemas(content.get("schema", {}), other.get("schema", {}), direction, where)
            for field, encoding in other.get("encoding", {}).items():
                allowed = types_of_parts(encoding)
                earlier = types_of_parts(content.get("encoding", {}).get(field, {}))
                if allowed and not earlier:
                    yield f"{where}: {field} may only be {', '.join(sorted(allowed))}"
                yield from (f"{where}: {field} may not be {name}" for name in sorted(earlier - allowed))

    def headers(self, old, new, where):
        for name, header in old.items():
            there = f"{where}: the header {name}"
            if name not in new:
                yield f"{there} is gone"
                continue
            if header.get("required") and not new[name].get("required"):
                yield f"{there} is optional"
            yield from self.schemas(header["schema"], new[name]["schema"], RESPONSE, there)

    def schemas(self, old, new, direction, where):
        pair = (old.get("$ref"), new.get("$ref"), direction)
        if pair in self.pending:
            return
        if all(pair):
            self.pending.add(pair)
            where = f"{direction} {component(old)}"
        try:
            yield from self.resolved_schemas(resolved(self.before, old), resolved(self.after, new), direction, where)
        finally:
            # Also when the caller needs one line only.
            self.pending.discard(pair)

    def resolved_schemas(self, old, new, direction, where):
        if direction == REQUEST and "default" in old and old["default"] != new.get("default"):
            yield f"{where}: another default"
        old, new = alternatives(self.before, old), alternatives(self.after, new)
        if len(old) == len(new) == 1:
            yield from self.values(old[0], new[0], direction, where)
        elif direction == REQUEST:
            gone = [it for it in old if all(any(self.values(it, other, direction, where)) for other in new)]
            yield from (f"{where}: {named(it)} is not accepted as before" for it in gone)
        else:
            added = [it for it in new if all(any(self.values(other, it, direction, where)) for other in old)]
            yield from (f"{where}: {named(it)} is new or not as before" for it in added)

    def values(self, old, new, direction, where):
        # A value of the narrower schema must fit the wider one.
        narrow, wide = (old, new) if direction == REQUEST else (new, old)
        if not types(narrow) <= types(wide):
            yield f"{where}: another type"
        if "const" in wide or "enum" in wide:
            if not ("const" in narrow or "enum" in narrow) or not constants(narrow) <= constants(wide):
                yield f"{where}: other constants"
        for keyword in sorted(wide.keys() - ANNOTATIONS - STRUCTURE):
            pair = expanded(self.before, old.get(keyword)), expanded(self.after, new.get(keyword))
            if not is_within(keyword, *(pair if direction == REQUEST else reversed(pair))):
                yield f"{where}: another {keyword}"
        for name in sorted(set(wide.get("required", [])) - set(narrow.get("required", []))):
            yield f"{where}: {name} is {'required' if direction == REQUEST else 'optional'}"
        for keyword in ("items", "additionalProperties"):
            if keyword in wide:
                inner = [as_schema(it.get(keyword, {})) for it in (old, new)]
                yield from self.schemas(*inner, direction, f"{where}[]")
        for name, schema in old.get("properties", {}).items():
            if name not in new.get("properties", {}):
                yield f"{where}: {name} is gone"
            else:
                yield from self.schemas(schema, new["properties"][name], direction, f"{where}.{name}")


def is_within(keyword, narrow, wide):
    """Returns `True` if the value of a keyword permits at most what another one permits. `None` means that it is absent."""
    if keyword in LOWER | UPPER and narrow is not None:
        return narrow >= wide if keyword in LOWER else narrow <= wide
    return narrow == wide


def alternatives(document, schema):
    """Returns the schemas of which a value fits one."""
    schema = resolved(document, schema)
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            beside = {name: it for name, it in schema.items() if name not in (keyword, "$ref")}
            return [{**beside, **one} for it in schema[keyword] for one in alternatives(document, it)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def types(schema):
    kinds = schema.get("type", ["string", "number", "boolean", "array", "object", "null"])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    return kinds | {"integer"} if "number" in kinds else kinds


def constants(schema):
    return {repr(it) for it in schema.get("enum", [schema.get("const")])}


def as_schema(value):
    return value if isinstance(value, dict) else {} if value else {"not": {}}


def types_of_parts(encoding):
    return set(encoding.get("contentType", "").split(", ")) - {""}


def named(schema):
    return component(schema) or schema.get("const") or schema.get("type") or "a value"


def version(document):
    """Returns the three numbers of `info.version`."""
    return tuple(int(number) for number in document["info"]["version"].split("-")[0].split("."))


def permits_breaks(old, new):
    """Returns `True` if the version says that clients may break: another major, or another minor while the major is 0."""
    return new[:1] > old[:1] or (old[0] == 0 and new[:2] > old[:2])


def main(before, after):
    before, after = (json.loads(Path(name).read_text("utf-8")) for name in (before, after))
    if before["info"]["title"] != after["info"]["title"]:
        return f"not compared, because {after['info']['title']} is another API than {before['info']['title']}", 0
    old, new = version(before), version(after)
    lines = breaking_changes(before, after)
    if new < old:
        return f"info.version {after['info']['version']} is before {before['info']['version']}", 1
    if not lines:
        return "no change breaks clients", 0
    listed = "\n".join(f"- {line}" for line in lines)
    if permits_breaks(old, new):
        return f"{listed}\nthese changes break clients, as version {after['info']['version']} says", 0
    part = "minor" if old[0] == 0 else "major"
    return f"{listed}\nthese changes break clients: raise the {part} version in info.version of docs/openapi.json", 1


if __name__ == "__main__":
    message, code = main(*sys.argv[1:])
    print(message)
    sys.exit(code)
