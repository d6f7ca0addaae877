"""Calls of all routes by a member of an organization."""

import base64
import hashlib
import hmac
import json
import time

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
    """Sends the example of each route."""

    def __init__(self, base, secret):
        self.examples = Examples(Service(base, token(secret)), ORG)
        self.changing = {}

    def responses(self):
        """Sends the example of each route. Yields the route, the request and the response."""
        for function, (method, path) in self.examples.routes.items():
            request = self.examples.request(function)
            yield f"{method} {path}", request, self.examples.send(request)

    def statuses(self):
        """Sends the example of each route. Returns the statuses by route. Changes are of the same items each time, because a
        route without permissions creates none."""
        self.examples.changing = self.changing
        try:
            return {route: response.status for route, _, response in self.responses()}
        finally:
            self.examples.changing = None
