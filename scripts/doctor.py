"""Say whether a deploy and a run of a stage would work, one finding a line, each with what to do; changes nothing.

Exit code: 1 if something is wrong, else 0. What AWS does not answer is "not known".
"""

from __future__ import annotations

import argparse
import sys

from diagnosis import account, delivery, packages, stacks
from diagnosis.finding import Check, Finding, Level, findings_of
from stages.access import StageAccess, StageError, add_stage_options, sign_in

CHECKS: dict[str, Check] = {
    "account": account.identity,
    "permissions": account.permissions,
    "concurrency": account.concurrency,
    "stacks": stacks.stacks,
    "failures": delivery.subscription,
    "schedule": delivery.schedule,
    "templates": packages.templates,
    "sizes": packages.sizes,
}


def main(arguments: list[str] | None = None) -> int:
    """Print the findings; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_stage_options(parser)
    options = parser.parse_args(arguments)
    try:
        access = sign_in(options.stage, options.region, action="doctor")
    except StageError as error:
        print(f"make doctor: {error}", file=sys.stderr)
        return 1
    findings = [_name(access, options.account)]
    print(findings[0], flush=True)
    for subject, check in CHECKS.items():
        for finding in findings_of(subject, check, access):
            print(finding, flush=True)
            findings.append(finding)
    n_wrong = sum(finding.level is Level.WRONG for finding in findings)
    n_look = sum(finding.level is Level.LOOK for finding in findings)
    print(f"{n_wrong} wrong, {n_look} worth a look, of {len(findings)} findings.")
    return 1 if n_wrong else 0


def _name(access: StageAccess, account_number: str | None) -> Finding:
    """Return the finding on the stage's name, and on the account if the user names it."""
    if account_number and account_number != access.account:
        text = f"the credentials are those of {access.account}, not of {account_number}"
        return Finding(Level.WRONG, "account", text, "Use other credentials.")
    return Finding(Level.OK, "stage", f"{access.stage}; its resources' names fit")


if __name__ == "__main__":
    sys.exit(main())
