"""`/_control`, from loopback only: faults, masters, journal.

GET: state. POST JSON, any of:
  {"fault": name, "count": n} or {"fault": name, "until": "cleared"}, with "params", "path"   (faults.py)
  {"clear": true}                    ends all faults
  {"seed": {…}}                      adds or replaces masters (seed.py)
  {"keep": {"gateway": g, "instance": i}}   a person's choice between two instances
  {"release": {"uid": u, "flag": "OK"}}     a person's verdict on an observation
  {"code": {"gateway": g}}           makes an enrolment code; it is "code" of the answer
  {"end_code": {"gateway": g}}       its code is late from now on
  {"key": {"gateway": g}}            issues a key; it is "key" of the answer, as in an agent's key file
  {"revoke": {"gateway": g, "key_id": k}}   revokes a key; without key_id every key and code
  {"dump": "/path"}                  writes the whole site to a file, as a backup does
  {"restore": "/path"}               and sets it back to it
  {"journal": "/path" | null}
"""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from frappe_ext.contract.envelope import InstanceTrail
from mock_devices.mock_frappe import seed
from mock_devices.mock_frappe.endpoints import now_ms

if TYPE_CHECKING:
    from mock_devices.mock_frappe.app import App


def respond(app: App, request: Request) -> Response:
    """The answer of one control request; 400 with the reason where it is not understood."""
    if not ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104
        return Response("loopback only\n", 403)
    made: dict[str, str] = {}
    if request.method == "POST":
        try:
            order = json.loads(request.get_data())
            obey(app, order)
            made = app.enrolments.obey(order, now_ms())
        except (ValueError, KeyError, TypeError) as error:
            return Response(f"{type(error).__name__}: {error}\n", 400)
    state = {**made, "faults": app.faults.state(), "journal": str(app.journal) if app.journal else None}
    return Response(json.dumps(state), content_type="application/json")


def obey(app: App, order: dict[str, Any]) -> None:
    """Carries out one order."""
    if order.get("clear"):
        app.faults.clear()
    if "fault" in order:
        app.faults.add(order)
    if "seed" in order:
        seed.load(app.database, order["seed"], now_ms())
    if "journal" in order:
        app.journal = Path(order["journal"]) if order["journal"] else None
    if "dump" in order:
        app.database.dump(order["dump"])
    if "restore" in order:
        app.database.restore(order["restore"])
    if "keep" in order:
        _keep(app, order["keep"]["gateway"], order["keep"]["instance"])
    if "release" in order:
        with app.database.write() as connection:
            connection.execute(
                "UPDATE observation SET released_by = 'person', quality_flag = ? WHERE edge_uid = ?",
                (order["release"]["flag"], order["release"]["uid"]),
            )


def _keep(app: App, gateway_id: str, instance: str) -> None:
    with app.database.write():
        gateway = app.database.master("gateway", gateway_id)
        if gateway is None:
            raise KeyError(gateway_id)
        others = [each for each in InstanceTrail.parse(gateway["trail"]).instances() if each != instance]
        gateway.update(held=False, trail="", banned=[*gateway["banned"], *others])
        app.database.put_master("gateway", gateway_id, gateway, now_ms())
