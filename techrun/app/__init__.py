"""The only place where parts are joined: configuration, checks, engine, sinks, web server, demo.

loading     files → checks that are ready to run; every command begins here
daemon      `techrun run`: engine, sinks and web server; reloading: the configuration read again;
            parts: settings for the fetcher; board: the landing page's rows; counting: what is counted of
            techrun itself; heartbeat: the dead man's switch
once        `techrun check`; deciding: what the daemon would make of a run
operations  what a person on call does, on the store or (remote, by client) over the API; standing: how
            things stand
loadtest    `techrun load run`: from the guards to the verdict; load_target: what may be loaded; load_scenarios:
            with whom; load_drive: the run itself, watched by load_feed, load_asking and interrupts
loads       where load runs are kept, and found again; remote_loads: over the API; load_files: as files
book        where releases are kept; remote_book: over the API; release_story: all that is known of one
release_verify  `techrun release verify`; release_stages: what it does one after the other; release_watch: what
            goes on beside it; release_checks, smoke_journeys, judgeable: what it runs; release_reports: what it
            writes; release_secrets: which secrets it needs
release_gate  `techrun release gate`; gate_facts: what it knows; remote_gate: over the API
release_dora  `techrun release dora`; release_calibrate: `techrun release calibrate`
typed       what a person typed, as it is kept
notifying   `techrun notify test`
describing  `techrun validate`
demo        `techrun demo`
"""
