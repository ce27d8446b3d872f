"""What each field means, in a sentence: for the OpenAPI document, wherever a schema does not say it itself.

By `Schema.field`, else by `field`, since most fields mean the same wherever they stand.
"""

from __future__ import annotations

STAGES = "`intake`, `informal`, `stage_1`, `stage_2`, `stage_3`, `ombudsman`"

OWNERS = (
    "`complaints_manager`, `stage_manager`, `investigating_officer`, `adjudicating_officer`, `panel`, "
    "`director`, `complainant`, `ombudsman`, `nobody`"
)

KINDS = "`limit`: missing it is a breach; `target`: it is not; `window`: the person's time to ask."

WORDS: dict[str, str] = {
    # --- what opens a complaint
    "Opening.authority": "The council it goes to, by the name of its file with whoever runs the API. "
    "The answer to an unknown one names those there are.",
    "Opening.kind": "What sort of representation it is.",
    "Opening.source": "The name of your system, always the same. No personal data.",
    "Opening.source_id": "Your system's own number for this one: with `authority` and `source` it makes a "
    "repeat a repeat. No personal data.",
    "channel": "How it came.",
    "Opening.received_on": "The London date the authority had it: day 0 of its clocks. Not in the future.",
    "Opening.points": "What went wrong, or what is said; each text is a point of its own, numbered from 1.",
    "Opening.procedure": "One that the authority has: `statutory`, `corporate`, `irm`, `representation`. "
    "Left out: its rule chooses.",
    "statutory": "Whether the matter is statutory, where intake knows; left out: the rule decides.",
    "events_on": "When the matter arose.",
    "Opening.complainant": "Who complains. Left out: anonymous.",
    "Opening.on_behalf_of": "The child for whom somebody complains.",
    "Opening.about": "What the matter concerns.",
    "desired_outcome": "What the person wants to happen.",
    "tried_informally": "Whether the person has tried to get it solved.",
    "linked_to": "The reference of a complaint this one belongs with.",
    "Opening.messages": "The messages of a case already under way, each with its `action`, its `on` and that "
    "action's fields. For the role `complaints_manager` alone.",
    "child_agrees": "Whether the child agrees to it; left out: not asked yet.",
    "service": "Which service.",
    "team": "Which team.",
    "people": "The names of those concerned.",
    # --- people
    "name": "The name, as it is written.",
    "Contact.role": "Who they are to the matter: `child`, `young_person`, `looked_after_child`, "
    "`care_leaver` (these get letters in plain words), `parent`, `foster_carer`, … in your own words.",
    "email": "An e-mail address.",
    "telephone": "A telephone number.",
    "address": "A postal address, its lines apart by line breaks.",
    "format": "How letters come: `email`, `post`, `text`, several in their order. Any other word, such as "
    "large print, is for a person to see to.",
    "Person.id": "Your own number for this person: tells two of one name apart.",
    # --- messages
    "on": "The London date it belongs to.",
    "by": "Who did it.",
    "note": "For the file; never in a letter.",
    "reason": "Why, in a sentence or two.",
    "proceedings": "The proceedings elsewhere that stand in its way, by name.",
    "agreed": "Whether the person agreed; only then it is settled.",
    "terms": "What was agreed.",
    "Extend.until": "The new last day. Left out: the most that the procedure allows.",
    "RestrictContact.until": "The last day of it. Left out: 183 days, or what the authority says.",
    "outcome": "What was decided.",
    "summary": "The answer in short; it goes into the letter.",
    "findings": "What was found, point by point. Left out: `outcome` holds for each.",
    "remedies": "What was agreed to be done; each runs as a deadline of its own.",
    "Respond.received_on": "When the person had the answer. Left out: two working days after `on`, or what "
    "the authority says.",
    "independent_person_consulted": "Whether the Independent Person was asked, where there is one.",
    "point": "The number of a point, from 1.",
    "points": "Which points: by their numbers, or by their texts. Left out: all.",
    "AgreeStatement.points": "The points as they were agreed, where they are worded anew. As many texts as "
    "points keep their numbers.",
    "Split.points": "Which points leave, by their numbers or their texts; at least one stays.",
    "Split.procedure": "The procedure that they go on under.",
    "what": "What it is, in words.",
    "Remedy.owner": "Who sees to it: one of " + OWNERS + ".",
    "Remedy.due_on": "By when; left out: 20 working days.",
    "who": "By whom.",
    "Recommendation.by": "By when.",
    "agreed_by_authority": "Stage 1 is skipped, and the authority agrees: for the roles `staff` and "
    "`complaints_manager` to say.",
    "accept": "Whether the late request is taken.",
    "Appoint.role": "Which part.",
    "person": "Who takes it.",
    "connection": "With the authority.",
    "Report.kind": "Whose report.",
    "recommendations": "What it asks for.",
    "meeting_on": "The day of the meeting; it may lie ahead.",
    "place": "Where.",
    "with": "Whom the meeting is with.",
    "review_on": "When it is looked at again, at the latest.",
    "advocate": "Who speaks for the person. None: they have none any more.",
    "Opening.advocate": "Who speaks for the person; gets copies of the letters.",
    "speaks": "Whether the advocate speaks for the person.",
    "gets_letters": "Whether letters go to the advocate too.",
    "agreed_by_complainant": "Whether the person agrees; needed while a next stage is open to them.",
    "conditions": "For an early referral, all of `robust_report`, `full_adjudication`, `points_upheld`, "
    "`clear_action_plan`, `complainant_agrees`; left out where the procedure is over.",
    "CompleteRemedy.remedy": "Which one, by its number from 1: see `remedies` of the complaint.",
    "Correct.field": "`received_on`, `events_on`, `channel`, `desired_outcome`, `complainant`, "
    "`on_behalf_of`, `about`; or `MESSAGE_ID.FIELD`, such as `m-81.on`.",
    "value": "What is right: of the same form as the field.",
    # --- answers
    "Intake.created": "Whether this very request made it; false: it was here before.",
    "reference": "The complaint's reference.",
    "authority": "The council, by its name here.",
    "procedure": "`statutory`, `corporate`, `irm` or `representation`.",
    "kind": "`complaint`, `comment`, `compliment`, `suggestion`, `service_request`, `information_request`.",
    "state": "Whether it is open, paused for proceedings elsewhere, or closed.",
    "stage": f"One of {STAGES}.",
    "received_on": "When the authority had it.",
    "waiting_for": f"Who owes what is due next: one of {OWNERS}.",
    "closed_on": "When it closed; null: it has not.",
    "closed_as": "`resolved`, `lapsed`, `completed`, `withdrawn`, `declined`, `ended_early`; null: open.",
    "as_of": "The London date that this is told of.",
    "deadlines": "Every limit, target and window, those that are over included.",
    "appointments": "Who takes which part.",
    "letters": "Every letter and reminder.",
    "messages": "Every message, in the order it was received.",
    "pending": "What waits: for a person's decision, or for its day.",
    "refused": "What was refused, and why.",
    "irregular": "What should have been there before, and was not.",
    "ComplaintStatus.remedies": "What was agreed to be done.",
    "title": "The same in words.",
    "owner": f"Who owes it: one of {OWNERS}.",
    "DatedDeadline.name": "Which limit.",
    "StatusDeadline.name": "Which limit.",
    "OwedDate.name": "Which limit.",
    "DatedDeadline.kind": KINDS,
    "StatusDeadline.kind": KINDS,
    "DatedDeadline.state": "`paused`: stands still; `lapsed`: a window not used; `stopped`: no longer owed.",
    "StatusDeadline.state": "`paused`: stands still; `lapsed`: a window not used; `stopped`: no longer owed.",
    "unit": "What is counted.",
    "met_on": "When it was met; null: it is not.",
    "days_late": "0 in time, at least 1 once late, in its own unit.",
    "moved": "Each earlier due date.",
    "due_on": "The last day in time.",
    "source": "The rule that it comes from.",
    "provisional": "It may still move: no official list of bank holidays covers it yet, or what it counts "
    "from has not happened.",
    "days": "How many days.",
    "before": "Whether it was counted back.",
    "Counted.due_on": "The date.",
    "why": "Why it does not count.",
    "recorded_at": "When it was written down.",
    "changes": "In the order they were recorded.",
    "complaints": "By next due date.",
    "due": "By day.",
    "webhooks": "In the order they were made.",
    "Webhook.id": "Its name; the first part of `webhook-id` in what it is told.",
    "WebhookWithSecret.id": "Its name; the first part of `webhook-id` in what it is told.",
    "url": "Where it leads.",
    "events": "What it is told.",
    "Webhook.authority": "Only this authority's complaints; null: all.",
    "WebhookWithSecret.authority": "Only this authority's complaints; null: all.",
    "made_by": "The name of the caller who made it.",
    "made_at": "When.",
    "delivered": "Deliveries that arrived.",
    "retried": "How many.",
    "temporal": "Whether Temporal answers.",
    "Alive.status": "Always the same.",
}


def explain(name: str, field: str) -> str | None:
    """What a field of a schema means; None where it is not known here."""
    return WORDS.get(f"{name}.{field}", WORDS.get(field))
