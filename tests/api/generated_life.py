"""A complaint's life by a client that was generated: `test_generators.py` runs it beside the client.

Prints what the client's own classes made of the answers.
"""

# mypy: ignore-errors
# The client is generated when the test runs: there is nothing to check this against before.

from __future__ import annotations

import json
import sys
import time

from complaints_client import AuthenticatedClient
from complaints_client.api.complaints import open_complaint, read_complaint
from complaints_client.api.letters import list_complaint_letters, read_letter
from complaints_client.api.messages import send_acknowledge, send_respond
from complaints_client.models import Acknowledge, Opening, Respond, RespondOutcome

told = json.loads(sys.argv[1])
client = AuthenticatedClient(told["url"], told["token"], timeout=60, raise_on_unexpected_status=True)

opened = open_complaint.sync(client=client, body=Opening.from_dict(told["opening"]))
reference = opened.reference
assert send_acknowledge.sync(reference, client=client, body=Acknowledge()).applied
respond = Respond(RespondOutcome.PARTLY_UPHELD, summary="An invented answer.")
assert send_respond.sync(reference, client=client, body=respond).applied

wrong = Respond(RespondOutcome.UPHELD).to_dict() | {"outcome": "unheard"}
refused = client.get_httpx_client().post(f"/v1/complaints/{reference}/respond", json=wrong)
problem = send_respond._parse_response(client=client, response=refused)

letters = []
until = time.monotonic() + 60
while not letters and time.monotonic() < until:
    listed = list_complaint_letters.sync(reference, client=client).letters
    letters = [each for each in listed if each.letter == "acknowledgement" and each.state == "by_hand"]
    time.sleep(0.1)
text = read_letter.sync(reference, letters[0].mark, client=client).text

status = read_complaint.sync(reference, client=client)
sys.stdout.write(
    json.dumps(
        {
            "reference": status.reference,
            "actions": [each.action for each in status.messages],
            "decided": status.messages[1]["decided"],
            "letter": letters[0].letter,
            "text": text,
            "problem": problem.status,
            "fields": [each.field for each in problem.errors],
        }
    )
)
