"""A mail server on loopback that keeps what it is given."""

from __future__ import annotations

import socketserver
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread


class MailSink:
	"""`with MailSink() as sink:` then sink.mails; `refuses` answers every mail with 451."""

	def __init__(self, port: int = 0) -> None:
		self.mails: list[tuple[str, EmailMessage]] = []
		"""(recipient, mail)"""
		self.refuses = False
		self._server = _Server(("127.0.0.1", port), _Session)
		self._server.sink = self
		self.port: int = self._server.server_address[1]

	def __enter__(self) -> MailSink:
		Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
		return self

	def __exit__(self, *args: object) -> None:
		self._server.shutdown()
		self._server.server_close()

	def to(self, recipient: str) -> list[EmailMessage]:
		return [mail for to, mail in self.mails if to == recipient]


class _Server(socketserver.ThreadingTCPServer):
	allow_reuse_address = True
	daemon_threads = True
	sink: MailSink


class _Session(socketserver.StreamRequestHandler):
	server: _Server

	def handle(self) -> None:
		self._say("220 sink")
		recipients: list[str] = []
		while line := self.rfile.readline():
			verb = line[:4].upper().strip()
			if verb == b"RCPT":
				recipients.append(line.decode().partition("<")[2].partition(">")[0])
			if verb == b"DATA":
				self._data(recipients)
				recipients = []
			elif verb == b"QUIT":
				self._say("221 bye")
				return
			else:
				self._say("250 ok")

	def _data(self, recipients: list[str]) -> None:
		self._say("354 go on")
		lines = []
		while (line := self.rfile.readline()) not in (b".\r\n", b""):
			lines.append(line[1:] if line.startswith(b"..") else line)
		if self.server.sink.refuses:
			self._say("451 not now")
			return
		mail = message_from_bytes(b"".join(lines), policy=policy.default)
		self.server.sink.mails += [(recipient, mail) for recipient in recipients]
		self._say("250 taken")

	def _say(self, line: str) -> None:
		self.wfile.write(f"{line}\r\n".encode())
