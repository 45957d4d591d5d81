"""YAML to typed settings: unknown keys refused, every mistake told at once with its place.

The way of a configuration, from the bytes to the records:

loader          the whole way on one screen; begin here
files           which files there are, and what each document in them is
  reading         bytes → nodes (YAML 1.2); syntax says what is wrong with the YAML itself
  tree            nodes that know their line and column
main_file       `techrun.yaml` itself: channels, calendar, what the others need
  secrets         `${secret.X}`: environment, file, file of secrets
calendar_file   the calendar; calendar: what it holds
documents       packs, journeys and fragments, each read once; data: the CSV, YAML and JSON beside them
shops           a shop without its checks, and the packs that it takes
shop_checks     its checks together with those of its packs; depends: `depends_on`
checks          one written check → the checks it stands for
  kind            which kind it is, told by its keys
  combinations    `for_each`
  layers          the check itself, then the nearest defaults
named           channels and selectors that routes, calendar and the like name must be there; release_checks:
                those of releases
settings        the records that come out

What several of them use:

models          the keys of each file (pydantic); alerting, load and releases: those of alerting, load tests, releases
values          slugs, URLs, locales and the like; moments: times, days, recurrences; impact: orders by the hour
several         one text for a list of one
understand      templates filled in and keys validated; templates fills, explain says what pydantic found
words           phrases of messages; problems: messages as text

What others ask of the records: select (selectors), effective (`validate --show`), schema (`validate --schema`),
advice and release_advice (what `validate` warns of), planned (whom the calendar is about, and by whose clock).
"""

from techrun.config.loader import load, load_all
from techrun.config.settings import Channel, CheckSettings, Settings, ShopSettings

__all__ = ["Channel", "CheckSettings", "Settings", "ShopSettings", "load", "load_all"]
