"""Calls of all routes by a member of an organization."""

import base64
import hashlib
import hmac
import json
import time

import clean_up
from examples import Examples
from service import Service

ISSUER, AUDIENCE, ORG = "https://issuer.example.com/", "rehearsal", "rehearsal"
TOKEN_SECONDS = 3600


def token(secret, org=ORG):
    """Returns a token of a member of the organization, signed with the functions' secret."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "rehearsal", "exp": int(time.time()) + TOKEN_SECONDS}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims | {"organizations": [org]})]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Caller:
    """Sends the example of each route, and changes to the function that follows the stream."""

    def __init__(self, base, secret, clean_up, org=ORG):
        self.clean_up = clean_up
        self.examples = Examples(Service(base, token(secret, org)), org)
        self.public = {" ".join(self.examples.routes[function]) for function in self.examples.public}

    def requests(self):
        """Returns the request of each route's example. The items that it needs exist from then on, so that each route can be
        called while others lack permissions. They are new, so that they are on the first page of a list."""
        self.examples.created = {}
        routes = self.examples.routes.items()
        return {f"{method} {path}": self.examples.own_request(function) for function, (method, path) in routes}

    def responses(self, requests):
        """Sends the requests. Yields the route, the request, the response, and the status and the difference of a request that
        follows it."""
        for route, request in requests.items():
            response = self.examples.send(request)
            yield route, request, response, *self.examples.follow(request, response)

    def statuses(self, requests):
        """Sends the requests, and changes. Returns the statuses by route, such as "503", or "201, then 403" with a request that
        follows."""
        found = self.responses(requests)
        statuses = {route: f"{it.status}" + (f", then {then}" if then else "") for route, _, it, then, _ in found}
        return statuses | {clean_up.CHANGES: self.clean_up.status()}

    def file_of_its_own(self):
        """Uploads a file to a new project. Returns the file, and the path of the project."""
        response = self.examples.send(self.examples.request_for("upload-file", {}, {}))
        return response.data, response.headers["location"].partition("/files/")[0]

    def delete(self, path):
        self.examples.service.send("DELETE", path)
