"""Nodes under load for long, while faults happen by chance; see scripts/soak, which starts it with the programs it needs."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(prog="soak", description="Several Postboxes on PostgreSQL under Patroni, with faults by chance, audited.")
    parser.add_argument("--nodes", type=int, default=3, help="how many servers of Postbox")
    parser.add_argument("--minutes", type=float, default=30, help="how long the load lasts")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))
    faults = ["kill-node", "freeze-node", "replace-nodes", "kill-primary", "kill-machine", "kill-patroni", "freeze-patroni", "restart-postgres"]
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        os.chmod(folder, 0o755)
        cluster = subprocess.Popen([sys.executable, os.path.join(HERE, "cluster.py"), folder, options.programs])
        try:
            command = [sys.executable, HERE, folder, options.program, *faults, "stop-link", "--replicated", "--minutes", str(options.minutes)]
            code = subprocess.call([*command, "--nodes", str(options.nodes), "--pause", "0.1", "--rest", "10"])
        finally:
            cluster.terminate()
            cluster.wait()
    sys.exit(code)


main()
