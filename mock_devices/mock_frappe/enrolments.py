"""…gateway.enroll and its codes, kept in the gateway's body: {"hash", "ends" (UTC ms), "used"}."""

from __future__ import annotations

import threading
import time
from typing import Any

from frappe_ext.contract import addresses, edge_key, enrolment, envelope, epochs
from frappe_ext.contract.epochs import Provisional
from mock_devices.mock_frappe.database import Database


class Tries:
    """How often an address tried within its window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, address: str, step: int = 1) -> tuple[int, int]:
        """(tries with this one, seconds until they are forgotten)."""
        with self._lock:
            now = time.monotonic()
            ends, times = self._windows.get(address, (0.0, 0))
            if ends <= now:
                ends, times = now + enrolment.WINDOW_S, 0
            self._windows[address] = (ends, times + step)
            return times + step, max(1, round(ends - now))


class Enrolments:
    """One per server."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tries = Tries()

    def obey(self, order: dict[str, Any], now_ms: int) -> dict[str, str]:
        """code, end_code, key, revoke of a control request; what was made. KeyError: no such gateway."""
        made = {}
        for name, act in (
            ("code", self._new_code),
            ("end_code", self._end_code),
            ("key", self._new_key),
            ("revoke", self._revoke),
        ):
            if name not in order:
                continue
            with self._database.write():
                gateway = self._gateway(order[name]["gateway"])
                answer = act(gateway, order[name], now_ms)
                self._database.put_master("gateway", gateway["gateway_id"], gateway, now_ms)
            if answer:
                made[name] = answer
        return made

    def _new_code(self, gateway: dict[str, Any], order: dict[str, Any], now_ms: int) -> str:
        """It ends the older ones."""
        code, ends = enrolment.new_code(), now_ms + enrolment.VALID_S * 1000
        gateway["codes"] = [{"hash": enrolment.hash_code(code), "ends": ends, "used": False}]
        return code

    def _end_code(self, gateway: dict[str, Any], order: dict[str, Any], now_ms: int) -> None:
        gateway["codes"] = [{**code, "ends": now_ms} for code in gateway["codes"]]

    def _new_key(self, gateway: dict[str, Any], order: dict[str, Any], now_ms: int) -> str:
        issued = _add_key(gateway)
        return f"{issued.key_id}:{issued.secret}"

    def _revoke(self, gateway: dict[str, Any], order: dict[str, Any], now_ms: int) -> None:
        wanted = order.get("key_id")
        for each in gateway["credentials"]:
            each["revoked"] = each["revoked"] or wanted in (None, each["key_id"])
        if wanted is None:
            gateway["codes"] = []

    def enroll(
        self, body: dict[str, Any], *, address: str, safe: bool, url: str, now_ms: int
    ) -> dict[str, Any]:
        """The answer of wire.md §7. `safe`: it came by HTTPS or from this host."""
        asked = enrolment.read_request(body)
        if not safe:
            self._cancel(asked.code_hash, now_ms)
            raise enrolment.unsafe_way()
        times, retry_after = self._tries.count(address)
        if times > enrolment.MAX_WRONG:
            raise enrolment.too_many(retry_after)
        with self._database.write():
            gateway, code = self._open(asked.code_hash, now_ms)
            envelope.check_gateway(
                envelope.Gateway(
                    gateway["gateway_id"],
                    frozenset(gateway["sites"]),
                    bool(gateway["enabled"]),
                    bool(gateway["revoked"]),
                    bool(gateway["user_enabled"]),
                )
            )
            issued = self._give_key(gateway, now_ms)
            code["used"] = True
            self._database.put_master("gateway", gateway["gateway_id"], gateway, now_ms)
        self._tries.count(address, -1)
        return enrolment.answer(
            gateway=gateway["gateway_id"],
            epoch=gateway["epoch"],
            key_id=issued.key_id,
            secret=issued.secret,
            sites=gateway["sites"],
            url=url,
            server_time=now_ms,
        )

    def _give_key(self, gateway: dict[str, Any], now_ms: int) -> edge_key.IssuedKey:
        """As the app does it: of two live keys the one used least lately goes, the next epoch fences, held ends."""
        stored = gateway["credentials"]
        leaving = edge_key.to_give_way(
            [
                edge_key.Credential(
                    each["key_id"],
                    each["hash"],
                    each["not_before"],
                    each["expires"],
                    bool(each["revoked"]),
                    index,
                    each.get("last_used"),
                )
                for index, each in enumerate(stored)
            ],
            now_ms,
        )
        for each in stored:
            each["revoked"] = each["revoked"] or each["key_id"] in leaving
        issued = _add_key(gateway)
        pairs: list[Provisional] = [(first, second) for first, second in gateway["provisional"]]
        gateway["epoch"] = epochs.grant(gateway["epoch"], pairs).epoch
        gateway.update(held=False, trail="")
        return issued

    def _open(self, code_hash: str, now_ms: int) -> tuple[dict[str, Any], dict[str, Any]]:
        for gateway in self._database.masters("gateway").values():
            for code in gateway.get("codes", ()):
                if code["hash"] == code_hash and not code["used"] and now_ms < code["ends"]:
                    return gateway, code
        raise enrolment.bad_code()

    def _cancel(self, code_hash: str, now_ms: int) -> None:
        with self._database.write():
            for gateway in self._database.masters("gateway").values():
                kept = [code for code in gateway.get("codes", ()) if code["hash"] != code_hash]
                if kept != list(gateway.get("codes", ())):
                    gateway["codes"] = kept
                    self._database.put_master("gateway", gateway["gateway_id"], gateway, now_ms)

    def _gateway(self, gateway_id: str) -> dict[str, Any]:
        gateway = self._database.master("gateway", gateway_id)
        if gateway is None:
            raise KeyError(gateway_id)
        return gateway


def _add_key(gateway: dict[str, Any]) -> edge_key.IssuedKey:
    issued = edge_key.generate()
    bounds = {"not_before": None, "expires": None, "revoked": False}
    gateway["credentials"].append({"key_id": issued.key_id, "hash": issued.hash, **bounds})
    return issued


def way_of(request: Any) -> tuple[str, bool]:
    """(address to count by, whether it came safely) of a werkzeug request, behind one proxy or none."""
    address = addresses.client_address(request.remote_addr, request.headers.get("X-Forwarded-For"))
    return address, addresses.is_safe_way(request.scheme, request.headers.get("X-Forwarded-Proto"), address)
