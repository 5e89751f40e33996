"""What people do in Desk with the keys and codes of a gateway, on each server."""

from __future__ import annotations

from typing import Any, Protocol


class KeyDesk(Protocol):
    """By the gateway's id."""

    def new_key(self, gateway: str) -> tuple[str, str]:
        """A second key; its (key_id, secret)."""

    def revoke_key(self, gateway: str, key_id: str) -> None:
        """This one and no other."""

    def revoke_keys(self, gateway: str) -> None:
        """Every key and code of a gateway."""

    def new_code(self, gateway: str) -> str:
        """An enrolment code."""

    def end_code(self, gateway: str) -> None:
        """The ten minutes of its open code are over."""


class StandInKeys:
    """By the control endpoint."""

    def control(self, **order: Any) -> dict[str, Any]:
        raise NotImplementedError

    def new_key(self, gateway: str) -> tuple[str, str]:
        key_id, secret = self.control(key={"gateway": gateway})["key"].split(":")
        return key_id, secret

    def revoke_key(self, gateway: str, key_id: str) -> None:
        self.control(revoke={"gateway": gateway, "key_id": key_id})

    def revoke_keys(self, gateway: str) -> None:
        self.control(revoke={"gateway": gateway})

    def new_code(self, gateway: str) -> str:
        return self.control(code={"gateway": gateway})["code"]

    def end_code(self, gateway: str) -> None:
        self.control(end_code={"gateway": gateway})


class BenchKeys:
    """By the methods behind Desk's buttons, and the form."""

    _gateways: dict[str, str]

    def _call(self, verb: str, path: str, **arguments: Any) -> dict[str, Any]:
        raise NotImplementedError

    def _order(self, method: str, **body: Any) -> Any:
        return self._call("POST", f"/api/method/frappe_ext.{method}", json=body)["message"]

    def new_key(self, gateway: str) -> tuple[str, str]:
        key = self._order("auth.issue_key", gateway=gateway)
        return key["key_id"], key["secret"]

    def revoke_key(self, gateway: str, key_id: str) -> None:
        path = f"/api/resource/Edge Gateway/{self._gateways[gateway]}"
        rows = self._call("GET", path)["data"]["credentials"]
        for row in rows:
            row["revoked"] = int(row["revoked"] or row["key_id"] == key_id)
        self._call("PUT", path, json={"credentials": rows})

    def revoke_keys(self, gateway: str) -> None:
        self._order("auth.revoke_keys", gateway=gateway)

    def new_code(self, gateway: str) -> str:
        return self._order("enrolment.new_code", gateway=gateway)["code"]

    def end_code(self, gateway: str) -> None:
        filters = f'[["gateway","=","{self._gateways[gateway]}"],["status","=","Open"]]'
        path = "/api/resource/Edge Enrolment Code"
        (row,) = self._call("GET", path, params={"filters": filters})["data"]
        self._call("PUT", f"{path}/{row['name']}", json={"expires_ms": 1})
