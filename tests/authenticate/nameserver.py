"""A name server on the loopback, over UDP and TCP, that answers as it is told to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

SOA = "ns.example. root.example. 1 3600 600 86400 {minimum}"
Answering = Callable[[dns.message.Message, str], "dns.message.Message | bytes | None"]


class NameServer:
    """`answer` gets the question and "udp" or "tcp"; None is silence, bytes go out as they are."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, str]] = []  # name, kind, transport
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()

    def _reply(self, data: bytes, transport: str) -> bytes | None:
        question = dns.message.from_wire(data)
        name = question.question[0]
        self.asked.append(
            (name.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(name.rdtype), transport)
        )
        reply = self.answer(question, transport)
        return reply.to_wire(max_size=65535) if isinstance(reply, dns.message.Message) else reply

    def _serve_udp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                data, peer = self._udp.recvfrom(65535)
                if not data:
                    return
                if (reply := self._reply(data, "udp")) is not None:
                    self._udp.sendto(reply, peer)

    def _serve_tcp(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                with connection, connection.makefile("rwb") as stream:
                    if len(size := stream.read(2)) < 2:
                        return
                    reply = self._reply(stream.read(struct.unpack("!H", size)[0]), "tcp")
                    if reply is not None:
                        stream.write(struct.pack("!H", len(reply)) + reply)

    def close(self) -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()


@contextlib.contextmanager
def nameserver(answer: Answering) -> Iterator[NameServer]:
    server = NameServer(answer)
    try:
        yield server
    finally:
        server.close()


def found(question: dns.message.Message, kind: str, *records: str, ttl: int = 300) -> dns.message.Message:
    reply = dns.message.make_response(question)
    reply.answer.append(dns.rrset.from_text(question.question[0].name, ttl, "IN", kind, *records))
    return reply


def none(
    question: dns.message.Message, rcode: int = dns.rcode.NOERROR, minimum: int = 60
) -> dns.message.Message:
    reply = dns.message.make_response(question)
    reply.set_rcode(rcode)
    reply.authority.append(dns.rrset.from_text("example.", 900, "IN", "SOA", SOA.format(minimum=minimum)))
    return reply


def truncated(question: dns.message.Message) -> dns.message.Message:
    reply = dns.message.make_response(question)
    reply.flags |= dns.flags.TC
    return reply


def failed(question: dns.message.Message, rcode: int) -> dns.message.Message:
    reply = dns.message.make_response(question)
    reply.set_rcode(rcode)
    return reply
