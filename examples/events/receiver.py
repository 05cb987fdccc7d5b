"""Receive events of an executor on http://127.0.0.1:9000, verify their signatures, and print each event once.

The environment variable WEBHOOK_SECRET contains the secret of the subscription, whsec_…; PORT chooses another port.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if not os.environ.get("WEBHOOK_SECRET"):
    sys.exit("WEBHOOK_SECRET is missing. Set it to the secret of the subscription, whsec_…")
KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
MAX_AGE = 300  # seconds; an older message may be a copy that someone else sends again
seen = set()  # a real receiver keeps the IDs of the last two days in its database


def is_genuine(headers, body):
    """Return whether the executor has signed this body, a short time ago."""
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > MAX_AGE:
        return False
    content = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(KEY, content, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(f"v1,{expected}".encode(), each.encode()) for each in given)


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to genuine events, and 401 to all else."""

    def do_POST(self):
        """Take an event."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            self.send_response(401)
        else:
            message_id = self.headers["webhook-id"]
            if message_id not in seen:
                print(json.dumps(json.loads(body)), flush=True)
            seen.add(message_id)  # after the work is done: if it fails, the event comes again
            self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        """Print events only."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver).serve_forever()
