"""Prometheus Alertmanager under the same kills: Debian's program, its data kept over them, alerts from outside.

Four shops break and mend all the time. What the Alertmanager answered with 200 is what it owes; a post that it
does not answer is made again, so that nothing is lost on the way to it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks._crash_verdict import CHANNELS, PATIENCE, Arrival, Receiver, Row

PROGRAM = shutil.which(
    "prometheus-alertmanager", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin"])
)
SHOPS = ("acme-at", "acme-de", "acme-es", "acme-fr")
BROKEN = (1.5, 3.0)
"""Seconds that an outage lasts: long against the waiting of a group, and longer than the re-sending."""
WELL = (0.5, 1.5)
LIFE = (0.0, 4.5)
"""Seconds from its start to a random kill: with the kills in flight about two outages a kill, as the sink has."""
STILL = 5.0
"""Seconds without an arrival after which none will come: several times all its intervals."""
EVENTS = {"firing": "opened", "resolved": "recovered"}
CONFIGURATION = """
route: {{receiver: both, group_by: [outage], group_wait: 100ms, group_interval: 200ms, repeat_interval: 1h}}
receivers:
  - name: both
    webhook_configs:
      - {{url: "{url}/oncall", send_resolved: true}}
      - {{url: "{url}/chat", send_resolved: true}}
"""


class Webhooks(Receiver):
    """The same receiver, for the messages of an Alertmanager."""

    def arrivals_in(self, path, body):
        return [
            Arrival(f"{alert['labels']['outage']}-{EVENTS[alert['status']]}{path.replace('/', '-')}", 0)
            for alert in body["alerts"]
        ]


class Feeder(threading.Thread):
    """Breaks and mends the shops and posts their alerts: once each, or all of them again and again."""

    def __init__(self, url, again_every, chance):
        super().__init__(daemon=True)
        self._url, self._again_every, self._chance = url, again_every, chance
        self.taken = set()
        """The number and the event of each alert that was answered with 200."""
        self._alerts = {}
        self._open = {}
        self._turns_at = {shop: time.time() + chance.uniform(*WELL) for shop in SHOPS}
        self._mending = threading.Event()
        self._stopped = threading.Event()

    def run(self):
        again_at = time.time()
        while not self._stopped.wait(0.02):
            now = time.time()
            if changed := [alert for shop in SHOPS if (alert := self._turn(shop, now))]:
                self._post(changed, until_taken=not self._again_every)
            if self._again_every and now >= again_at:
                again_at = now + self._again_every
                self._post(list(self._alerts.values()))

    def mend(self):
        """Mend all shops for good and wait until that was posted."""
        self._mending.set()
        end = time.monotonic() + PATIENCE
        while self._open or any((number, "recovered") not in self.taken for number in list(self._alerts)):
            if time.monotonic() > end:
                raise SystemExit("the Alertmanager takes no alerts")
            time.sleep(0.05)

    def stop(self):
        self._stopped.set()
        self.join()

    def _turn(self, shop, now):
        """The alert of a shop, if it breaks or is mended now."""
        if shop in self._open:
            if now < self._turns_at[shop] and not self._mending.is_set():
                return None
            alert = self._alerts[self._open.pop(shop)]
            alert["endsAt"] = stamp(now)
            self._turns_at[shop] = now + self._chance.uniform(*WELL)
            return alert
        if now < self._turns_at[shop] or self._mending.is_set():
            return None
        number = self._open[shop] = len(self._alerts) + 1
        labels = {"alertname": "CheckoutDown", "shop": shop, "outage": str(number)}
        self._alerts[number] = {"labels": labels, "startsAt": stamp(now)}
        self._turns_at[shop] = now + self._chance.uniform(*BROKEN)
        return self._alerts[number]

    def _post(self, alerts, *, until_taken=False):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/api/v2/alerts", json.dumps(alerts).encode(), headers)
        while not self._stopped.is_set():
            try:
                urllib.request.urlopen(request, timeout=PATIENCE).close()
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"the Alertmanager refuses an alert: {error.read()}") from error
            except OSError:
                if not until_taken:
                    return
                time.sleep(0.02)
            else:
                self.taken.update((int(one["labels"]["outage"]), event_of(one)) for one in alerts)
                return


def stamp(moment):
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()


def event_of(alert):
    return "recovered" if "endsAt" in alert else "opened"


class AlertmanagerKiller:
    """Starts one Alertmanager after the other, on the same data, and sees to its end."""

    kinds = ("random", "in flight")

    def __init__(self, folder, receiver, chance):
        self._folder, self._receiver, self._chance = Path(folder), receiver, chance
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{self._address}"
        text = CONFIGURATION.format(url=f"http://127.0.0.1:{receiver.server_port}")
        (self._folder / "alertmanager.yml").write_text(text)
        self.killed_after = []
        """How many messages had arrived at each kill."""

    def kill(self, kind):
        """One life and its end."""
        process = self.start()
        try:
            if kind == "random":
                time.sleep(self._chance.uniform(*LIFE))
            else:
                self._wait_for_flight(process)
        finally:
            process.kill()
            process.wait()
        time.sleep(0.1)  # what it sent in its last moment is still being taken
        self.killed_after.append(len(self._receiver.arrivals))

    def _wait_for_flight(self, process):
        with self._receiver.held() as held:
            if not held.wait(PATIENCE):
                raise SystemExit(f"it sent nothing:\n{self._log()}")
            process.kill()
            process.wait()

    def start(self):
        command = [PROGRAM, f"--config.file={self._folder}/alertmanager.yml", "--cluster.listen-address="]
        command += [f"--web.listen-address={self._address}", f"--storage.path={self._folder}/data"]
        command += ["--data.retention=120h", "--data.maintenance-interval=1s"]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/-/ready", timeout=PATIENCE).close()
            except OSError:
                time.sleep(0.02)
            else:
                return process
        process.kill()
        raise SystemExit(f"the Alertmanager does not start:\n{self._log()}")

    def end(self, feeder):
        """A last life on shops that are well, until no message came for some time."""
        process = self.start()
        try:
            feeder.mend()
            arrived, still_since = -1, time.monotonic()
            while time.monotonic() - still_since < STILL:
                if len(self._receiver.arrivals) != arrived:
                    arrived, still_since = len(self._receiver.arrivals), time.monotonic()
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)

    def _log(self):
        return (self._folder / "log").read_text()[-3000:]


def run(kills, seed, again_every=0.0):
    """Kill so many Alertmanagers, to which each alert is posted once, or again so often; its row of the table."""
    begun = time.monotonic()
    receiver = Webhooks(random.Random(seed + 1))
    with tempfile.TemporaryDirectory() as folder:
        killer = AlertmanagerKiller(folder, receiver, random.Random(seed))
        feeder = Feeder(killer.url, again_every, random.Random(seed + 2))
        feeder.start()
        try:
            for number in range(kills):
                killer.kill(killer.kinds[number % len(killer.kinds)])
            killer.end(feeder)
        finally:
            feeder.stop()
    how = f"re-sent each {again_every:g} s" if again_every else "pushed once"
    row, by_chance = judge(
        f"Alertmanager, {how}", kills, feeder.taken, receiver.arrivals, killer.killed_after
    )
    print(f"{kills} kills of {row.of} in {time.monotonic() - begun:.0f} s: {', '.join(killer.kinds)}")
    print(f"messages that came again with no kill between, not counted: {by_chance}", flush=True)
    return row


def judge(of, kills, taken, arrivals, killed_after):
    """The row, and how many messages came again though no kill fell between the two.

    A recovery is owed only where its outage was told: that none was told is counted once.
    """
    lives = defaultdict(list)
    for place, arrival in enumerate(arrivals):
        lives[arrival.key].append(sum(place >= until for until in killed_after))
    owed, lost = Counter(), Counter()
    for number, event in taken:
        for channel in CHANNELS:
            if event == "opened" or f"{number}-opened-{channel}" in lives:
                owed[event] += 1
                lost[event] += f"{number}-{event}-{channel}" not in lives
    row = Row(
        of=of,
        kills=kills,
        outages=sum(event == "opened" for _, event in taken),
        owed=owed.total(),
        lost_outages=lost["opened"],
        lost_recoveries=lost["recovered"],
        doubled=sum(len(set(seen)) - 1 for seen in lives.values()),
    )
    return row, sum(len(seen) - len(set(seen)) for seen in lives.values())
