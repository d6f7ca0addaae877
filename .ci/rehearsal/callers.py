"""One call of each route, as a user makes it who is a member of an organization."""

import base64
import hashlib
import hmac
import json
import time
import uuid

from service import Service

ISSUER, AUDIENCE, ORG = "https://issuer.example.com/", "rehearsal", "rehearsal"
TEXT = b"what must outlive the stack\n"
SECONDS_OF_A_TOKEN = 3600


def token(secret, org=ORG):
    """A token of a member of the organization, signed with the key that the functions are given."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "rehearsal", "exp": int(time.time()) + SECONDS_OF_A_TOKEN}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims | {"organizations": [org]})]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Caller:
    """Calls each route about a project that it makes first."""

    def __init__(self, base, secret):
        self.service = Service(base, token(secret), ORG)
        # A call of each route of template.yaml, and the status of its success.
        routes = {
            "GET /v1/orgs/{orgId}/projects": (self.list, 200),
            "POST /v1/orgs/{orgId}/projects": (self.create, 201),
            "POST /v1/orgs/{orgId}/projects/{projectId}/files": (self.upload, 201),
        }
        self.calls = {route: call for route, (call, _) in routes.items()}
        self.successes = {route: status for route, (_, status) in routes.items()}
        self.project = self.create().data

    def list(self):
        return self.service.ask("GET", f"{self.service.projects}?limit=100")

    def create(self):
        draft = json.dumps({"name": f"rehearsal {uuid.uuid4().hex}"})
        return self.service.ask("POST", self.service.projects, draft, "application/json")

    def upload(self):
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="kept.txt"\r\n'
        body = f"{head}Content-Type: text/plain\r\n\r\n".encode() + TEXT + f"\r\n--{edge}--\r\n".encode()
        path = f"{self.service.projects}/{self.project.get('id')}/files"
        return self.service.ask("POST", path, body, f"multipart/form-data; boundary={edge}")

    def statuses(self):
        """The status that each route answers now."""
        return {route: call().status for route, call in self.calls.items()}
