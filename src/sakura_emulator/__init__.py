"""A local SAKURA Cloud: the IaaS API v1.1 over HTTP, with its state in one SQLite file.

A package of its own: it imports nothing of `sakura_fleet` and shares no code with its client, so that both cannot be
wrong in the same way. State is worked out on read from stored timestamps and a clock that can be advanced, frozen or
sped up: there are no timers and no background threads, and two reads at the same emulated time always agree.

    main, process     the command `sakura-emulator`; the process it runs in the background
    server            uvicorn: `serve()` in the foreground, `running()` in a thread for tests
    app               the ASGI application: `routing` (the API), `control` (the routes under /_emulator/), `page`
    authentication    who may call
    api/              one module or package per API resource: routes, rules and shape
    monitor, load     the activity graphs, and the load that they show
    due               what will change by itself, and when
    call              a call to the API and its answer, as handlers see them
    catalogue/        what every account sees: zones, plans, prices, public archives
    cloud             one emulated cloud: store + clock + settings
    power             a server's power, worked out from what was asked of it and when
    store             SQLite, write-through, one transaction a request
    query, find       the search condition after `?`, and what it matches
    wire, errors      JSON as bytes; the errors and their bodies
    faults            failures on demand
"""
