"""Measures Postbox next to a bare libmicrohttpd and nginx; see scripts/bench."""

import argparse
import contextlib
import json
import resource
import signal
import sys
import tempfile

import both
import instructions
import peers
import postgres
import report
import rows
import servers
from exchange import Wrong


def main():
    parser = argparse.ArgumentParser(prog="bench", description="Postbox side by side with bare libmicrohttpd and nginx.")
    parser.add_argument("--quick", action="store_true", help="only the first three rows, under 2 minutes")
    parser.add_argument("--large", action="store_true", help="also with 10,000,000 messages; the first time takes long")
    parser.add_argument("--rounds", type=int, default=3, help="how often each load runs; the table has medians")
    parser.add_argument("--seconds", type=int, default=4, help="how long each load runs")
    names = [*rows.NAMES, *both.PARTS]
    parser.add_argument(
        "--only", metavar="ROW", choices=names,
        help=f"one of {', '.join(rows.NAMES)}; with --store both: {', '.join(both.PARTS)}")
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="sqlite", help="both: side by side, other rows")
    parser.add_argument("--instructions", action="store_true", help="only instructions of idle polls, against instructions.txt")
    parser.add_argument("--peers", action="store_true", help=f"also the same polls on {peers.PEER}; built first, 5 minutes")
    # scripts/bench does this itself.
    parser.add_argument("--publish", action="store_true", help="measure nothing: put bench-results.json into the Performance guide")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--commit", default="", help=argparse.SUPPRESS)
    parser.add_argument("--nginx", help=argparse.SUPPRESS)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--cache", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only and (options.only in both.PARTS) != (options.store == "both"):
        parser.error(f"there is no row {options.only} with --store {options.store}")
    # Whoever ends the benchmark early must not leave servers behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit("ended early"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("ended after an hour: something hangs"))
    signal.alarm(3600)

    allow_descriptors(20_000)
    table = report.Report(options)
    failure = "not finished"
    # The databases are copied into it, so it must be on a disk; often /tmp is none.
    with tempfile.TemporaryDirectory(dir=options.cache, prefix="run-") as folder, contextlib.ExitStack() as stack:
        try:
            if options.store != "sqlite":
                options.cluster = stack.enter_context(postgres.Cluster(options.cache, options.program))
            if options.store == "postgres":
                servers.Server.store = options.cluster
            (both if options.store == "both" else instructions if options.instructions else rows).run(options, folder, table)
            failure = None
        except Wrong as wrong:
            failure = f"A WRONG ANSWER, so these figures prove nothing: {wrong}"
        finally:
            if failure:
                table.note(failure)
            write(table.results())
    sys.exit(failure)


def allow_descriptors(count):
    """Each connection takes one, in the server and in whoever makes the load."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        sys.exit(f"needs {count} open files, and the limit is {most} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


def write(results):
    """The results come first; the table and the chart are made from them. The guide takes them from here."""
    with open("bench-results.json", "w", encoding="utf-8") as file:
        json.dump(results, file, ensure_ascii=False, indent=1)
        file.write("\n")
    text = report.text(results)
    print(text)
    with open("bench-results.md", "w", encoding="utf-8") as file:
        file.write(text)
    # Drawn only where there is something to draw.
    if any(row["cpu"] for row in results["rows"]):
        import chart

        chart.draw(results, "bench-results.svg", "light")


main()
