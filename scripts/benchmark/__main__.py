"""Measures Postbox next to a bare libmicrohttpd and nginx; see scripts/bench."""

import argparse
import os
import signal
import sys
import tempfile

import instructions
import report
import rows
from exchange import Wrong


def main():
    parser = argparse.ArgumentParser(prog="bench", description="Postbox side by side with bare libmicrohttpd and nginx.")
    parser.add_argument("--quick", action="store_true", help="only the first three rows, under 2 minutes")
    parser.add_argument("--large", action="store_true", help="also with 10,000,000 messages; the first time takes long")
    parser.add_argument("--rounds", type=int, default=3, help="how often each load runs; the table has medians")
    parser.add_argument("--seconds", type=int, default=4, help="how long each load runs")
    parser.add_argument("--only", metavar="ROW", choices=rows.NAMES, help=f"one of {', '.join(rows.NAMES)}")
    parser.add_argument("--instructions", action="store_true", help="only instructions of idle polls, against instructions.txt")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--cache", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # Whoever ends the benchmark early must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("ended after an hour: something hangs"))
    signal.alarm(3600)

    table = report.Report(options.program)
    failure = None
    # The databases are copied into it, so it must be on a disk; often /tmp is none.
    with tempfile.TemporaryDirectory(dir=options.cache, prefix="run-") as folder:
        try:
            (instructions if options.instructions else rows).run(options, folder, table)
        except Wrong as wrong:
            failure = f"A WRONG ANSWER, so these figures prove nothing: {wrong}"
            table.note(failure)
    text = table.text()
    print(text)
    with open("bench-results.md", "w", encoding="utf-8") as file:
        file.write(text)
    sys.exit(failure)


main()
