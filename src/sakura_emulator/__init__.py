"""A local SAKURA Cloud: the IaaS API v1.1 over HTTP, with its state in one SQLite file.

It imports nothing else of this project and shares no code with the client, so that both cannot be wrong in the same
way. State is worked out on read from stored timestamps and a clock that can be advanced, frozen or sped up: there are
no timers and no background threads, and two reads at the same emulated time always agree.

    main, process     the command `sakura-emulator`; the process it runs in the background
    server            uvicorn: `serve()` in the foreground, `running()` in a thread for tests
    app, control      the ASGI application: the cloud's API, and the control routes under /_emulator/
    api/              one module or package per API resource: routes, rules and shape
    catalogue/        what every account sees: zones, plans, prices, public archives
    cloud             one emulated cloud: store + clock + settings
    store             SQLite, write-through, one transaction a request
    query, find       the search condition after `?`, and what it matches
    wire, errors      the envelopes
    faults, monitor   failures on demand; the activity graphs
"""
