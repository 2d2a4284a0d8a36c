"""From the calls recorder.c wrote to the policy of the filter that was exported.

    policies = replay(pathlib.Path("06-sim-actions.calls"))
    policies[0] == {"default_action": 0, "bad_arch": 0, "parts": [{"arches": [3221225534], "rules": [...]}]}

Only what the library accepted counts. A rule belongs to the architectures the filter had when it was added; those with
the same rules are one part.
"""

import copy
import json
import pathlib

BAD_ARCH = 2  # SCMP_FLTATR_ACT_BADARCH
KILL_THREAD = 0


def initial(line):
    return {
        "default_action": line["action"],
        "bad_arch": KILL_THREAD,
        "rules": {line["native"]: []},  # by architecture, in the order of adding
    }


def as_policy(state):
    parts = []
    for arch, rules in sorted(state["rules"].items()):
        for part in parts:
            if part["rules"] == rules:
                part["arches"].append(arch)
                break
        else:
            parts.append({"arches": [arch], "rules": rules})
    return {"default_action": state["default_action"], "bad_arch": state["bad_arch"], "parts": parts}


class Filters:
    """What the contexts of one program hold."""

    def __init__(self):
        self.states = {}
        self.started = {}  # by context: the states before each open transaction
        self.exported = []

    def follow(self, line):
        state = self.states.get(line["context"])
        if line["status"] < 0:
            return
        match line["call"]:
            case "init":
                self.states[line["context"]] = initial(line)
            case "arch_add":
                state["rules"].setdefault(line["arch"], [])
            case "arch_remove":
                del state["rules"][line["arch"]]
            case "attr_set" if line["attribute"] == BAD_ARCH:
                state["bad_arch"] = line["value"]
            case "rule_add":
                rule = {key: line[key] for key in ("action", "number", "name", "args")}
                for rules in state["rules"].values():
                    rules.append(rule)
            case "merge":
                state["rules"].update(self.states.pop(line["source"])["rules"])
            case "transaction_start":
                self.started.setdefault(line["context"], []).append(copy.deepcopy(state))
            case "transaction_commit":
                self.started[line["context"]].pop()
            case "transaction_reject":
                self.states[line["context"]] = self.started[line["context"]].pop()
            case "export":
                self.exported.append(as_policy(copy.deepcopy(state)))


def replay(path: pathlib.Path):
    filters = Filters()
    for text in path.read_text().splitlines():
        filters.follow(json.loads(text))
    return filters.exported
