"""A customer journey: its definition, its plan and the engine that runs it. No I/O.

Before a run, from YAML to a plan:

model       journeys and fragments as they are written
expand      fragments put in the place of `use`
rules       what a journey may not do; names: everything named is known by then
compile     all of it together; translate: one written step → one planned step
plan        the journey compiled

A run:

engine      the generator that yields requests and is sent responses: begin here
steps       one step: sending makes its request, judge its verdict, assets the style sheets and scripts
session     one identity: cookies, what it carries, its page; forms and controls: sending a form, typed and
            addresses: values and URLs as browsers take them
blocked     captcha or shop; maintenance: closed on purpose or broken
orders      what became of them; tracing: how a shop recognises us
state       what a run knows; record and measures: what is told of it afterwards
"""
