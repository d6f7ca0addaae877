"""A call of each route, as a user makes it who is a member of an organization."""

import base64
import hashlib
import hmac
import json
import time

from examples import Examples
from service import Service

ISSUER, AUDIENCE, ORG = "https://issuer.example.com/", "rehearsal", "rehearsal"
SECONDS_OF_A_TOKEN = 3600


def token(secret, org=ORG):
    """A token of a member of the organization, signed with the key that the functions are given."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "rehearsal", "exp": int(time.time()) + SECONDS_OF_A_TOKEN}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims | {"organizations": [org]})]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Caller:
    """Sends the example of each route."""

    def __init__(self, base, secret):
        self.examples = Examples(Service(base, token(secret)), ORG)

    def answers(self):
        """The request of each route, and what it is answered now."""
        for function, (method, path) in self.examples.routes.items():
            request = self.examples.request(function)
            yield f"{method} {path}", request, self.examples.ask(request)

    def statuses(self):
        """The status that each route answers now."""
        return {route: answer.status for route, _, answer in self.answers()}
