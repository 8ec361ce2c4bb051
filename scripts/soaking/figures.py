"""What a server takes, over time."""

import os
import time


class Figures:
    def __init__(self, pid, database):
        self.pid = pid
        self.database = database
        self.start = time.monotonic()
        self.rows = []

    def processor(self):
        # CPUCLOCK_SCHED of another process; see clock_getcpuclockid(3).
        return time.clock_gettime((~self.pid << 3) | 2)

    def take(self, counts, connections):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            threads = next(int(line.split()[1]) for line in file if line.startswith("Threads:"))
        self.rows.append(
            {
                "minutes": (time.monotonic() - self.start) / 60,
                "resident": resident,
                # Those of connections come and go with the clients.
                "descriptors": len(os.listdir(f"/proc/{self.pid}/fd")) - connections,
                "connections": connections,
                "threads": threads,
                "processor": self.processor(),
                "database": os.path.getsize(self.database),
                "log": os.path.getsize(self.database + "-wal"),
                "polls": counts["polls"],
                "sends": counts["sends"],
            }
        )

    def table(self):
        lines = [
            "| min | RSS MB | descriptors | connections | threads | CPU % | database MB | WAL MB | polls/s | sends/s |",
            "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for before, row in zip(self.rows, self.rows[1:]):
            seconds = (row["minutes"] - before["minutes"]) * 60

            def rate(name):
                return (row[name] - before[name]) / seconds

            lines.append(
                f"| {row['minutes']:.1f} | {row['resident'] / 1e6:.1f} | {row['descriptors']} | {row['connections']} "
                f"| {row['threads']} | {100 * rate('processor'):.1f} | {row['database'] / 1e6:.1f} | {row['log'] / 1e6:.1f} "
                f"| {rate('polls'):.0f} | {rate('sends'):.1f} |"
            )
        return "\n".join(lines)

    def verdict(self):
        """What has grown that must not; empty where all is flat. The first third is for what fills up once."""
        rows = self.rows[len(self.rows) // 3 :]
        half = len(rows) // 2
        if half < 2:
            return ["it was too short to tell"]

        def highest(part, name):
            return max(row[name] for row in part)

        early, late = rows[:half], rows[half:]
        found = []
        if highest(late, "descriptors") > highest(early, "descriptors") + 4:
            found.append(f"descriptors grew from {highest(early, 'descriptors')} to {highest(late, 'descriptors')}")
        if highest(late, "threads") > highest(early, "threads") + 4:
            found.append(f"threads grew from {highest(early, 'threads')} to {highest(late, 'threads')}")
        allowed = max(1.1 * highest(early, "resident"), highest(early, "resident") + 8e6)
        if highest(late, "resident") > allowed:
            found.append(
                f"memory grew from {highest(early, 'resident') / 1e6:.1f} to {highest(late, 'resident') / 1e6:.1f} MB"
            )
        return found
