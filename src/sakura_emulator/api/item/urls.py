"""The routes of `commonserviceitem`."""

from __future__ import annotations

from sakura_emulator import monitor
from sakura_emulator.api.item import certificate, health, proxylb
from sakura_emulator.api.item.classes import behaviour
from sakura_emulator.api.item.resource import ITEM, answer, check_hash
from sakura_emulator.api.resource import Route, named_fields
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.errors import ApiError, not_found, refused
from sakura_emulator.store import Record
from sakura_emulator.values import mapping, objects, text
from sakura_emulator.wire import JSON

_PATH = "commonserviceitem"


def create(call: Call) -> Answer:
    """POST /commonserviceitem of any class."""
    body = call.envelope("CommonServiceItem")
    name = text(mapping(body, "Provider"), "Class")
    rules = behaviour(name)
    fields = named_fields(call, body)
    with rules.judging():
        settings, status = mapping(body, "Settings"), mapping(body, "Status")
    data = {
        **fields,
        "class": name,
        "settings": settings,
        "status": status,
        "service_class": text(body, "ServiceClass") or rules.service_class,
        "created": call.now,
        "modified": call.now,
    }
    store = call.cloud.store
    record = store.put(Record(store.new_id(), "item", call.zone if rules.zonal else "", data))
    with rules.judging():
        rules.create(call, record, body)
    return answer(call, record, 201)


def update(call: Call) -> Answer:
    """PUT /commonserviceitem/:id: Settings are replaced as a whole, the rest keeps what is not named."""
    record = ITEM.own(call)
    body = call.envelope("CommonServiceItem")
    check_hash(call, record, body)
    rules = behaviour(record["class"])
    if record["class"] == "dns":
        body = {key: value for key, value in body.items() if key != "Name"}  # a zone cannot be renamed
    record.data |= named_fields(call, body, record)
    record["modified"] = call.now
    if body.get("Settings") is None:
        return answer(call, record)
    before = record["settings"]
    with rules.judging():
        record["settings"] = mapping(body, "Settings")
        rules.update(call, record, before)
    reply = answer(call, record)
    if record["class"] == "dns" and not record["settings"]["DNS"]["ResourceRecordSets"]:
        # Specification 18.3: only the answer to the update that empties a zone says so.
        reply.body["CommonServiceItem"]["Settings"] = {"DNS": None}
    return reply


def update_settings(call: Call) -> Answer:
    """PUT /commonserviceitem/:id/config: settings apply at once here, so there is nothing left to do."""
    return answer(call, ITEM.get(call))


def delete(call: Call) -> Answer:
    """DELETE /commonserviceitem/:id: the answer holds the deleted item."""
    record = ITEM.own(call)
    reply = answer(call, record)
    call.cloud.store.delete(record)
    return reply


def change_plan(call: Call) -> Answer:
    """PUT /commonserviceitem/:id/plan of an ELB."""
    ITEM.of_class(call, "proxylb")
    body = call.envelope("CommonServiceItem")
    with proxylb.BEHAVIOUR.judging():
        if body.keys() != {"ServiceClass"}:
            raise refused(f"a change of the plan has ServiceClass alone, not {', '.join(sorted(body)) or 'nothing'}")
        return answer(call, proxylb.change_plan(call, ITEM.own(call), text(body, "ServiceClass")))


def read_health(call: Call) -> Answer:
    """GET /commonserviceitem/:id/health."""
    record = ITEM.get(call)
    if record["class"] == "proxylb":
        return Answer({"ProxyLB": health.state(call, record), "is_ok": True})
    if record["class"] == "simplemon":
        return Answer({"SimpleMonitor": health.simple_monitor(call, record), "is_ok": True})
    raise ApiError(501, "not_implemented", f"GET commonserviceitem/:id/health of class {record['class']}")


def connection_monitor(call: Call) -> Answer:
    """GET /commonserviceitem/:id/activity/proxylb/monitor."""
    record = ITEM.of_class(call, "proxylb")

    def sample(mark: int) -> JSON:
        if mark - monitor.STEP < record["created"]:
            return {"activeConnections": None, "connectionsPerSec": None}
        return health.activity(call, record, mark)

    return monitor.answer(call, sample)


def response_monitor(call: Call) -> Answer:
    """GET /commonserviceitem/:id//activity/responsetimesec/monitor: the double slash is what clients send."""
    record = ITEM.of_class(call, "simplemon")

    def sample(mark: int) -> JSON:
        known = mark - monitor.STEP >= record["created"]
        return {"responsetimesec": monitor.noise(call, 0.01, 0.05, "response", record.id, mark) if known else None}

    return monitor.answer(call, sample)


def list_users(call: Call) -> Answer:
    """GET /commonserviceitem/:id/containerregistry/users."""
    users = ITEM.of_class(call, "containerregistry")["users"]
    return Answer({"ContainerRegistry": {"users": users}, "is_ok": True})


def add_user(call: Call) -> Answer:
    """POST /commonserviceitem/:id/containerregistry/users; the password is not kept."""
    ITEM.of_class(call, "containerregistry")
    record = ITEM.own(call)
    wanted = call.envelope("ContainerRegistry")
    name = text(wanted, "username")
    if any(user["username"] == name for user in record["users"]):
        raise ApiError(409, "res_already_exists", f"user {name}")
    record["users"].append({"username": name, "permission": text(wanted, "permission")})
    return done()


def change_user(call: Call) -> Answer:
    """PUT /commonserviceitem/:id/containerregistry/users/:user."""
    wanted = call.envelope("ContainerRegistry")
    user = _user(call)
    user["permission"] = text(wanted, "permission") or user["permission"]
    return done()


def delete_user(call: Call) -> Answer:
    """DELETE /commonserviceitem/:id/containerregistry/users/:user."""
    user = _user(call)
    ITEM.own(call)["users"].remove(user)
    return done()


def _user(call: Call) -> JSON:
    ITEM.of_class(call, "containerregistry")
    for user in ITEM.own(call)["users"]:
        if user["username"] == call.args["user"]:
            found: JSON = user
            return found
    raise not_found(f"user {call.args['user']}")


def read_database(call: Call) -> Answer:
    """GET /commonserviceitem/:id/enhanceddb/config."""
    return Answer({"EnhancedDB": ITEM.of_class(call, "enhanceddb")["config"], "is_ok": True})


def configure_database(call: Call) -> Answer:
    """PUT /commonserviceitem/:id/enhanceddb/config."""
    ITEM.of_class(call, "enhanceddb")
    wanted = mapping(call.envelope("CommonServiceItem"), "EnhancedDB")
    ITEM.own(call)["config"]["allowed_networks"] = objects(wanted, "allowed_networks")
    return done()


def set_password(call: Call) -> Answer:
    """PUT /commonserviceitem/:id/enhanceddb/set-password; it is not kept."""
    ITEM.of_class(call, "enhanceddb")
    return done()


ROUTES: list[Route] = [
    ("GET", _PATH, ITEM.find),
    ("POST", _PATH, create),
    ("GET", f"{_PATH}/:id", ITEM.read),
    ("PUT", f"{_PATH}/:id", update),
    ("DELETE", f"{_PATH}/:id", delete),
    ("PUT", f"{_PATH}/:id/config", update_settings),
    ("PUT", f"{_PATH}/:id/plan", change_plan),
    ("GET", f"{_PATH}/:id/health", read_health),
    ("GET", f"{_PATH}/:id/proxylb/sslcertificate", certificate.read),
    ("PUT", f"{_PATH}/:id/proxylb/sslcertificate", certificate.put),
    ("DELETE", f"{_PATH}/:id/proxylb/sslcertificate", certificate.delete),
    ("PUT", f"{_PATH}/:id/proxylb/letsencryptrenew", certificate.renew),
    ("GET", f"{_PATH}/:id/containerregistry/users", list_users),
    ("POST", f"{_PATH}/:id/containerregistry/users", add_user),
    ("PUT", f"{_PATH}/:id/containerregistry/users/:user", change_user),
    ("DELETE", f"{_PATH}/:id/containerregistry/users/:user", delete_user),
    ("GET", f"{_PATH}/:id/enhanceddb/config", read_database),
    ("PUT", f"{_PATH}/:id/enhanceddb/config", configure_database),
    ("PUT", f"{_PATH}/:id/enhanceddb/set-password", set_password),
    ("GET", f"{_PATH}/:id/activity/proxylb/monitor", connection_monitor),
    ("GET", f"{_PATH}/:id/activity/responsetimesec/monitor", response_monitor),
]
