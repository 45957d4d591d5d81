"""The only place where parts are joined: configuration, checks, engine, sinks, web server, demo."""
