"""Changes of a description, each judged as breaking or not. Run by scripts/check-openapi."""

import copy
import unittest

from compare import breaking_changes, permits_breaks


def envelope(key, schema):
    schema = {"type": "object", "required": [key], "properties": {key: schema}}
    return {"application/json": {"schema": schema}}


def ref(name, kind="schemas"):
    return {"$ref": f"#/components/{kind}/{name}"}


def error(code, **members):
    properties = {"code": {"type": "string", "const": code}, "message": {"type": "string"}, **members}
    return {"type": "object", "required": ["code", "message"], "properties": properties}


HEADERS = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "0.1.0"},
    "security": [{"bearer": []}, {"cookie": []}],
    "paths": {
        "/health": {"get": {"operationId": "health", "security": [], "responses": {"200": {"description": "OK"}}}},
        "/notes": {
            "get": {
                "operationId": "listNotes",
                "parameters": [ref("limit", "parameters"), ref("cursor", "parameters")],
                "responses": {
                    "200": {"content": envelope("data", ref("NotePage")), "headers": {"X-Page": {"schema": {}}}},
                    "403": ref("Forbidden", "responses"),
                },
            },
            "post": {
                "operationId": "addNote",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": ref("NewNote"), "example": {"text": "x"}},
                        "text/plain": {"schema": {"type": "string"}},
                        "multipart/form-data": {
                            "schema": ref("NewNote"),
                            "encoding": {"text": {"contentType": "text/plain, text/csv"}},
                        },
                    },
                },
                "responses": {"201": {"content": envelope("data", ref("Note")), "headers": HEADERS}},
            },
        },
        "/notes/{noteId}": {
            "parameters": [{"in": "path", "name": "noteId", "required": True, "schema": {"type": "string"}}],
            "patch": {
                "operationId": "changeNote",
                "requestBody": {"content": {"application/json": {"schema": ref("NoteChange")}}},
                "responses": {"200": {"content": envelope("data", ref("Note"))}},
            },
        },
    },
    "components": {
        "parameters": {
            "limit": {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100, "default": 20}},
            "cursor": {"in": "query", "name": "cursor", "schema": {"type": "string"}},
        },
        "responses": {
            "Forbidden": {"content": envelope("error", {"oneOf": [ref("ForbiddenError"), ref("CrossSiteError")]})}
        },
        "schemas": {
            "Note": {
                "type": "object",
                "description": "Note.",
                "required": ["id", "kind", "labels"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "kind": ref("Kind"),
                    "color": {"type": "string"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "parts": {"type": "array", "items": ref("Note")},
                },
            },
            "Kind": {"oneOf": [{"type": "string", "const": "short"}, {"type": "string", "const": "long"}]},
            "NotePage": {
                "type": "object",
                "required": ["notes", "next"],
                "properties": {
                    "notes": {"type": "array", "items": ref("Note")},
                    "next": {"anyOf": [ref("Cursor"), {"type": "null"}]},
                },
            },
            "Cursor": {"type": "string"},
            "NewNote": {
                "type": "object",
                "required": ["text"],
                "properties": {
                    "text": {"type": "string", "maxLength": 100, "minLength": 1},
                    "color": {"type": "string", "pattern": "^#"},
                    "kind": ref("Kind"),
                    "author": {"allOf": [ref("Author"), {"not": {"const": {}}}]},
                },
            },
            "Author": {"type": "object", "properties": {"name": {"type": "string"}, "editor": ref("Author")}},
            "NoteChange": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "color": {"type": ["string", "null"]}},
            },
            "ForbiddenError": error("FORBIDDEN", field={"type": "string"}),
            "CrossSiteError": error("CROSS_SITE"),
        },
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "auth"},
        },
    },
}


class Change:
    """A copy of the document, with short names for its parts."""

    def __init__(self):
        self.document = copy.deepcopy(DOCUMENT)
        self.paths, self.components = self.document["paths"], self.document["components"]
        self.list, self.add = self.paths["/notes"]["get"], self.paths["/notes"]["post"]
        self.change, self.health = self.paths["/notes/{noteId}"]["patch"], self.paths["/health"]["get"]
        self.schemas, self.parameters = self.components["schemas"], self.components["parameters"]
        self.note, self.new = self.schemas["Note"], self.schemas["NewNote"]
        self.form = self.add["requestBody"]["content"]["multipart/form-data"]
        self.page, self.patch = self.schemas["NotePage"], self.schemas["NoteChange"]
        self.forbidden = self.components["responses"]["Forbidden"]["content"]["application/json"]["schema"]


def rename(it, old, new):
    it.schemas[new] = it.schemas.pop(old)
    text = repr(it.document).replace(f"schemas/{old}'", f"schemas/{new}'")
    it.document = eval(text)  # Of our own literals.


def assign(container, **members):
    container.update({name.replace("_", "-"): value for name, value in members.items()})


def union(it):
    return it.forbidden["properties"]["error"]["oneOf"]


BREAKING = {
    "an operation is gone": lambda it: it.paths["/notes"].pop("post"),
    "a path is gone": lambda it: it.paths.pop("/health"),
    "a path parameter is renamed": lambda it: assign(it.paths, **{"/notes/{id}": it.paths.pop("/notes/{noteId}")}),
    "an operation has another id": lambda it: assign(it.list, operationId="readNotes"),
    "a required member of a response is gone": lambda it: (it.note["properties"].pop("id"), it.note["required"].remove("id")),
    "a member of a response is optional": lambda it: it.note["required"].remove("id"),
    "an optional member of a response is gone": lambda it: it.note["properties"].pop("color"),
    "a member of a response has another type": lambda it: assign(it.note["properties"], id={"type": "integer"}),
    "a member of a response lost its format": lambda it: it.note["properties"]["id"].pop("format"),
    "a response may be null": lambda it: assign(it.note["properties"]["color"], type=["string", "null"]),
    "a response may be null by anyOf": lambda it: assign(
        it.note["properties"], kind={"anyOf": [ref("Kind"), {"type": "null"}]}
    ),
    "values of a map have another type": lambda it: assign(
        it.note["properties"]["labels"], additionalProperties={"type": "integer"}
    ),
    "a response has a new constant": lambda it: it.schemas["Kind"]["oneOf"].append({"type": "string", "const": "odd"}),
    "a request member is required": lambda it: it.new["required"].append("color"),
    "a new request member is required": lambda it: (
        assign(it.new["properties"], tag={"type": "string"}),
        it.new["required"].append("tag"),
    ),
    "a request member is gone": lambda it: it.new["properties"].pop("color"),
    "a request must be shorter": lambda it: assign(it.new["properties"]["text"], maxLength=50),
    "a request must be longer": lambda it: assign(it.new["properties"]["text"], minLength=2),
    "a request has another pattern": lambda it: assign(it.new["properties"]["color"], pattern="^a"),
    "a request has a new pattern": lambda it: assign(it.new["properties"]["text"], pattern="^a"),
    "a request has fewer constants": lambda it: it.schemas["Kind"]["oneOf"].pop(),
    "a request may not be null": lambda it: assign(it.patch["properties"]["color"], type="string"),
    "a media type of a request is gone": lambda it: it.add["requestBody"]["content"].pop("text/plain"),
    "a request body is required": lambda it: assign(it.change["requestBody"], required=True),
    "a request body is gone": lambda it: it.change.pop("requestBody"),
    "a query parameter is gone": lambda it: it.list["parameters"].pop(),
    "a query parameter is required": lambda it: assign(it.parameters["cursor"], required=True),
    "a new query parameter is required": lambda it: it.list["parameters"].append(
        {"in": "query", "name": "q", "required": True, "schema": {}}
    ),
    "a maximum is lower": lambda it: assign(it.parameters["limit"]["schema"], maximum=50),
    "a default is another": lambda it: assign(it.parameters["limit"]["schema"], default=50),
    "a form's part has fewer types": lambda it: assign(it.form["encoding"]["text"], contentType="text/csv"),
    "a form's part has types": lambda it: assign(it.form["encoding"], color={"contentType": "text/csv"}),
    "a schema behind allOf is another": lambda it: assign(it.schemas["Author"], maxProperties=1),
    "servers have another path": lambda it: assign(it.document, servers=[{"url": "https://example.com/v9"}]),
    "an operation's server has another path": lambda it: assign(it.list, servers=[{"url": "/v9"}]),
    "a success has another status": lambda it: assign(it.add["responses"], **{"200": it.add["responses"].pop("201")}),
    "a success has no content": lambda it: it.add["responses"]["201"].pop("content"),
    "a header of a response is gone": lambda it: it.list["responses"]["200"].pop("headers"),
    "a header of a response is optional": lambda it: it.add["responses"]["201"]["headers"]["Retry-After"].pop("required"),
    "a header of a response has another type": lambda it: assign(
        it.add["responses"]["201"]["headers"]["Retry-After"], schema={"type": "string"}
    ),
    "an error code is new": lambda it: (assign(it.schemas, PaidError=error("PAID")), union(it).append(ref("PaidError"))),
    "a new error status": lambda it: assign(it.add["responses"], **{"403": ref("Forbidden", "responses")}),
    "an error has another status": lambda it: assign(it.list["responses"], **{"418": it.list["responses"].pop("403")}),
    "an error code is renamed": lambda it: assign(it.schemas["ForbiddenError"]["properties"]["code"], const="DENIED"),
    "a member of an error is gone": lambda it: it.schemas["ForbiddenError"]["properties"].pop("field"),
    "a security scheme is gone": lambda it: assign(it.document, security=[{"bearer": []}]),
    "a security scheme is another": lambda it: assign(it.components["securitySchemes"]["cookie"], name="session"),
    "a public operation needs a token": lambda it: it.health.pop("security"),
    "a schema is renamed": lambda it: rename(it, "Note", "Memo"),
    "an unknown keyword is new": lambda it: assign(it.new["properties"]["text"], contentEncoding="base64"),
}
HARMLESS = {
    "nothing": lambda it: None,
    "descriptions": lambda it: assign(it.note, description="x"),
    "an example": lambda it: assign(it.add["requestBody"]["content"]["application/json"], example={"text": "y"}),
    "a form's part has more types": lambda it: assign(
        it.form["encoding"]["text"], contentType="text/csv, text/plain, text/html"
    ),
    "a form's part has any type": lambda it: it.form["encoding"].clear(),
    "a server has another host": lambda it: assign(it.document, servers=[{"url": "https://{host}/"}]),
    "a server": lambda it: assign(it.document, servers=[{"url": "https://example.com"}]),
    "a new operation": lambda it: assign(it.paths, **{"/more": {"get": it.health}}),
    "a member of a response is always there": lambda it: it.note["required"].append("color"),
    "a new member of a response": lambda it: assign(it.note["properties"], size={"type": "integer"}),
    "a response is never null": lambda it: assign(it.page["properties"], next=ref("Cursor")),
    "null is written in another way": lambda it: assign(it.page["properties"], next={"type": ["null", "string"]}),
    "a response has a new rule": lambda it: assign(it.note["properties"]["color"], pattern="^#"),
    "a request may be longer": lambda it: assign(it.new["properties"]["text"], maxLength=500),
    "a request loses a rule": lambda it: it.new["properties"]["color"].pop("pattern"),
    "a request member is optional": lambda it: it.new["required"].clear(),
    "a new request member": lambda it: assign(it.new["properties"], tag={"type": "string"}),
    "a request may be null": lambda it: assign(it.patch["properties"]["text"], type=["string", "null"]),
    "a new media type of a request": lambda it: assign(it.add["requestBody"]["content"], **{"text/csv": {"schema": {}}}),
    "a request body is optional": lambda it: it.add["requestBody"].pop("required"),
    "a new query parameter": lambda it: it.list["parameters"].append({"in": "query", "name": "q", "schema": {}}),
    "a new header of a response": lambda it: assign(it.list["responses"]["200"]["headers"], ETag={"schema": {}}),
    "an error code is gone": lambda it: union(it).pop(),
    "a union of one": lambda it: assign(it.forbidden["properties"], error=ref("ForbiddenError")),
    "an error status is gone": lambda it: it.list["responses"].pop("403"),
    "an operation becomes public": lambda it: assign(it.list, security=[]),
    "a parameter is said in its place": lambda it: assign(
        it.list, parameters=[it.parameters["limit"], it.parameters["cursor"]]
    ),
}


class Changes(unittest.TestCase):
    def judged(self, change):
        it = Change()
        change(it)
        return breaking_changes(DOCUMENT, it.document)

    def test_breaking_changes_are_found(self):
        for name, change in BREAKING.items():
            with self.subTest(name):
                self.assertTrue(self.judged(change))

    def test_harmless_changes_pass(self):
        for name, change in HARMLESS.items():
            with self.subTest(name):
                self.assertEqual(self.judged(change), [])

    def test_versions_permit_breaks(self):
        for old, new, permits in [
            ((0, 1, 0), (0, 1, 0), False),
            ((0, 1, 0), (0, 1, 1), False),
            ((0, 1, 0), (0, 2, 0), True),
            ((0, 9, 0), (1, 0, 0), True),
            ((1, 0, 0), (1, 1, 0), False),
            ((1, 9, 0), (2, 0, 0), True),
            ((0, 2, 0), (0, 1, 0), False),
        ]:
            self.assertEqual(permits_breaks(old, new), permits, (old, new))


if __name__ == "__main__":
    unittest.main()
