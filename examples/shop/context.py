"""Ask a running service for the prompt context of a customer, and put it where a model reads it.

make run                                                        # in another terminal
.venv/bin/python examples/shop/context.py email:ann.lee@example.com

IDENTITY_GRAPH_URL names a service at another address.
"""

import os
import sys

import httpx

SERVICE = os.environ.get("IDENTITY_GRAPH_URL", "http://127.0.0.1:8080").rstrip("/")

identifier = sys.argv[1] if len(sys.argv) > 1 else "email:ann.lee@example.com"
try:
    answer = httpx.post(f"{SERVICE}/v1/context", json={"identifier": identifier, "token_budget": 300})
except httpx.TransportError as error:
    sys.exit(f"nothing answers at {SERVICE} ({error}); start it with `make run`, or set IDENTITY_GRAPH_URL")
context = answer.json()
if answer.is_error:  # a problem document: nobody has the identifier, or several people do
    sys.exit(f"{context['title']}: {context['detail']}")

messages = [
    {"role": "system", "content": f"You help the customers of a shop. {context['notice']}"},
    {"role": "user", "content": f"{context['text']}\nWhich shoes would you suggest to me?"},
]
for message in messages:
    print(f"--- {message['role']}\n{message['content']}")
