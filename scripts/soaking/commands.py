"""An operator beside the server: round by round a history comes in, one of its people is erased, it is pruned, and a backup is made."""

import asyncio
import json
import os
import time

from people import Wrong

# Their conversations begin with this; nobody else talks there.
PREFIX = "history-"
TALKS, MESSAGES = 20, 2000


class Operator:
    def __init__(self, program, database, folder, ledger):
        self.program = program
        self.database = database
        self.history = os.path.join(folder, "history.jsonl")
        self.backup = os.path.join(folder, "backup.sqlite")
        self.ledger = ledger
        self.round = 0

    async def run(self, pause, over):
        while not over.is_set():
            self.round += 1
            await self.one_round()
            self.ledger.count("rounds_of_commands")
            try:
                await asyncio.wait_for(over.wait(), pause)
            except asyncio.TimeoutError:
                pass

    async def one_round(self):
        secret, old = self.write_history()
        await self.command("import", self.history, says=f"{MESSAGES} messages added")
        await self.command("import", self.history, says=" 0 messages added")
        await self.command("erase", "user", f"{PREFIX}sender-{self.round}", says=f"{MESSAGES // 2} messages")
        with open(self.database, "rb") as database:
            if secret.encode() in await asyncio.to_thread(database.read):
                raise Wrong(f"{secret} was erased and is in the database")
        talks = [option for talk in range(TALKS) for option in ("--conversation", self.talk(talk))]
        await self.command("prune", "--older-than", "1y", *talks, says=f"removed {old} messages")
        await self.command("backup", self.backup)
        await self.command("check", database=self.backup)
        os.remove(self.backup)

    def talk(self, number):
        return f"{PREFIX}{self.round}-{number}"

    def write_history(self):
        """Half of the messages are by the one who will be erased, and half are old; returns what those have in them, and how many are old."""
        secret, now = f"secret-of-round-{self.round}-", int(time.time())
        people = [f"{PREFIX}sender-{self.round}", f"{PREFIX}reader-{self.round}"]
        old = 0
        with open(self.history, "w", encoding="utf-8") as lines:
            for number in range(TALKS):
                lines.write(json.dumps({"kind": "conversation", "id": self.talk(number), "participantIds": people}) + "\n")
            for number in range(MESSAGES):
                is_old = number < MESSAGES // 2
                old += is_old
                moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - (2 * 365 * 86400 if is_old else 3600)))
                record = {
                    "kind": "message",
                    "conversationId": self.talk(number % TALKS),
                    "senderId": people[number // TALKS % 2],
                    "content": f"{secret if number // TALKS % 2 == 0 else 'kept '}{number} {'x' * (number % 7 * 100)}",
                    "timestamp": moment,
                }
                lines.write(json.dumps(record) + "\n")
        return secret, old

    async def command(self, *arguments, database=None, says=""):
        process = await asyncio.create_subprocess_exec(
            self.program, *arguments, "--database", database or self.database,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode != 0 or says not in out.decode():
            raise Wrong(f"{' '.join(arguments)[:80]}: exit code {process.returncode}, {out.decode()!r} {err.decode()!r}")
