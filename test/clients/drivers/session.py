"""The session that every client holds, for clients in Python. See session.mjs."""

import json
import os
import re
import sys

run = json.loads(os.environ["CLIENT_RUN"])
_state = {"wanted": "decline", "forms": 0}


def answer_form(requested_schema):
    """Answers a confirmation form as the person of this step would: (action, content)."""
    _state["forms"] += 1
    if _state["wanted"] == "decline":
        return "decline", None
    if "name" in requested_schema.get("properties", {}):
        return "accept", {"name": run["confirmed"]}
    return "accept", {"confirm": True}


async def hold_session(list_tools, call, read_resource):
    async def delete(name, answer):
        _state["wanted"] = answer
        before = _state["forms"]
        text = await call("accounts_delete", {"account_id": name})
        if _state["forms"] > before:
            return {"text": text, "by": "form"}
        if answer == "decline":
            return {"text": text, "by": "preview"}
        found = re.search(r'"confirmation":\s*\{\s*"id":\s*"([^"]+)"', text)
        if not found:
            return {"text": text, "by": "nothing"}
        return {"text": await call("confirm_call", {"id": found[1]}), "by": "confirm_call"}

    async def names():
        return {"names": await list_tools()}

    async def text(answer):
        return {"text": await answer}

    steps = {
        "list": names,
        "read": lambda: text(call("accounts_list", {"limit": 2})),
        "error": lambda: text(call("accounts_get", {"account_id": run["unknown"]})),
        "decline": lambda: delete(run["declined"], "decline"),
        "confirm": lambda: delete(run["confirmed"], "accept"),
        "resource": lambda: text(read_resource(run["resource"])),
    }
    for name, carry_out in steps.items():
        try:
            found = await carry_out()
        except Exception as error:  # noqa: BLE001
            found = {"failed": f"{type(error).__name__}: {error}"}
        print("\n" + json.dumps({"step": name, **found}))
        sys.stdout.flush()
