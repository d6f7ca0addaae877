"""The functions' examples, functions/<function>/example.json, sent to a running service by the routes of
docs/openapi.json. events/README.md explains their format. Needs only Python 3.9."""

import base64
import json
import re
import urllib.parse
import uuid
from pathlib import Path

from service import send_once

ROOT = Path(__file__).resolve().parents[1]
FORMS = {
    "id": r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "url": r"https?://\S+",
    "text": r".+",
}


def operations():
    """Yields the function, the method, the path and the operation of each."""
    for path, methods in json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))["paths"].items():
        for method, operation in methods.items():
            if "operationId" in operation:
                function = re.sub("[A-Z]", lambda it: f"-{it[0].lower()}", operation["operationId"])
                yield function, method.upper(), path, operation


def takes_key(operation):
    return {"$ref": "#/components/parameters/Idempotency-Key"} in operation.get("parameters", [])


class Request:
    """Request of an example with a value for each name, and its expected response."""

    def __init__(self, method, path, values, text):
        self.method = method
        self.path = filled(path, {name: urllib.parse.quote(value, safe="") for name, value in values.items()})
        values = {**values, "path": self.path}
        example = json.loads(filled(text, {name: json.dumps(value)[1:-1] for name, value in values.items()}))
        request = example.get("request", {})
        self.query = f"?{request['query']}" if "query" in request else ""
        self.response, self.then = example["response"], example.get("then")
        self.body, self.kind = None, None
        if "json" in request:
            self.body, self.kind = json.dumps(request["json"]), "application/json"
        elif "file" in request:
            self.body, self.kind = form(request["file"])

    def differences(self, response):
        """Yields the differences from the expected response."""
        seen = {}
        yield from unlike(self.response["status"], response.status, seen, "the status")
        yield from unlike(self.response.get("body"), response.body or None, seen, "the body")
        for name, wanted in self.response.get("headers", {}).items():
            yield from unlike(wanted, response.headers.get(name), seen, name)


class Examples:
    """Examples for one organization of the service. The items that they need are created once."""

    def __init__(self, service, org):
        self.service = service
        self.org = org
        self.routes = {function: (method, path) for function, method, path, _ in operations()}
        self.public = {function for function, _, _, it in operations() if it.get("security") == []}
        self.repeatable = {function for function, _, _, it in operations() if takes_key(it)}
        self.created = {}
        self.locations = []

    def request(self, function, **others):
        """Returns a unique request, with other values where some are given."""
        return self.request_for(function, self.created, others)

    def own_request(self, function):
        """Returns a unique request. One that changes or deletes an item, other than to add to it, gets an item of its own."""
        method, path = self.routes[function]
        adds = method == "POST" and not path.endswith("}")
        return self.request_for(function, self.created if method == "GET" or adds else {}, {})

    def request_for(self, function, items, others):
        """Returns a request for the items with these ids, by placeholder. Creates those that are missing."""
        text = (ROOT / "functions" / function / "example.json").read_text("utf-8")
        for name, source in json.loads(text).get("given", {}).items():
            if name not in items and name not in others:
                items[name] = self.id_from(source, items)
        text = text.replace("<unique>", f" {uuid.uuid4().hex}")
        return Request(*self.routes[function], {"orgId": self.org, **items, **others}, text)

    def send(self, request, **headers):
        """Sends a request, and records the location of a created item until it is deleted."""
        response = self.service.send(request.method, request.path + request.query, request.body, request.kind, **headers)
        location = response.headers.get("location")
        if response.status == 201 and location and location not in self.locations:
            self.locations.append(location)
        if response.status == 204 and request.method == "DELETE":
            self.locations = [it for it in self.locations if f"{request.path}/" not in f"{it}/"]
        return response

    def follow(self, request, response):
        """Sends the request that follows the example's response, if there is one. Returns its status, and its difference from a
        success, each None without any."""
        if request.then is None or any(request.differences(response)):
            return None, None
        described, content = response.body, base64.b64decode(request.then["base64"])
        for name in request.then["at"].split("/")[1:]:
            described = described[name]
        method, headers = described.get("method", "GET"), described.get("headers", {})
        sends = method == "PUT"
        found = send_once(method, described["url"], content if sends else None, headers)
        if found.status == 200 and (sends or found.content == content):
            return found.status, None
        return found.status, f"{method} to the URL should succeed with the example's bytes and returns {found.status}"

    def parameters(self, function):
        """Returns the parameters of a route's path besides the organization."""
        return [name for name in re.findall(r"{(\w+)}", self.routes[function][1]) if name != "orgId"]

    def id_from(self, function, items):
        """Returns the id of the item that a function's example has created. Any other text is an id itself."""
        if function not in self.routes:
            return function
        request = self.request_for(function, items, {})
        response = self.send(request)
        self.follow(request, response)
        return response.data.get("id", "none")


def filled(text, values):
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def form(file):
    """Returns a multipart body with one file, and its media type."""
    boundary = uuid.uuid4().hex
    disposition = f'Content-Disposition: form-data; name="file"; filename="{file["name"]}"'
    head = f"--{boundary}\r\n{disposition}\r\nContent-Type: {file['type']}\r\n\r\n".encode()
    body = head + base64.b64decode(file["base64"]) + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def unlike(wanted, found, seen, where):
    """Yields the differences of a value from the example's."""
    if wanted == "<any>" or wanted == found:
        return
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in sorted(wanted.keys() | found.keys()):
            yield from unlike(wanted.get(name), found.get(name), seen, f"{where}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list):
        for it in wanted:
            if all(any(unlike(it, other, dict(seen), where)) for other in found):
                yield f"{where} should have {it!r} among its {len(found)}"
    elif not (isinstance(wanted, str) and isinstance(found, str) and stands_for(wanted, found, seen)):
        yield f"{where} should be {wanted!r} and is {found!r}"


def stands_for(wanted, found, seen):
    """Returns True if the text matches the placeholders. All but <text> have one value in a response."""
    pattern = re.escape(wanted)
    for name, wanted_form in FORMS.items():
        pattern = pattern.replace(f"<{name}>", f"(?P<{name}>{wanted_form})")
    match = re.fullmatch(pattern, found)
    return match is not None and all(name == "text" or seen.setdefault(name, it) == it for name, it in match.groupdict().items())
