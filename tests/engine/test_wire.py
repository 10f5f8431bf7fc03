"""Frames between the processes, however the system cuts them."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from alize.engine.wire import Abort, Channel, encode

A, B = Abort("a"), Abort("b")


class Cut(socket.socket):
    """On which never more than three bytes have come."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        if flags & socket.MSG_DONTWAIT:
            raise BlockingIOError
        return super().recv(3)


@contextmanager
def ends(kind: type[socket.socket] = socket.socket) -> Iterator[tuple[Channel, socket.socket]]:
    """The engine's, on which nobody waits for longer than a minute, and the server's."""
    theirs, ours = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 60, 0))
    with ours, kind(fileno=theirs.detach()) as connection:
        yield Channel(connection), ours


def test_whoever_left_a_command_waits_for_no_other() -> None:
    with ends() as (channel, server):
        server.sendall(encode(A) + encode(B))
        assert next(iter(channel.receive(wait=True))) == A
        assert list(channel.receive(wait=True)) == [B]


def test_whoever_waits_gets_a_whole_command_though_it_comes_in_pieces() -> None:
    with ends(Cut) as (channel, server):
        server.sendall(encode(A))
        assert list(channel.receive(wait=True)) == [A]
        assert list(channel.receive(wait=False)) == []


def test_a_server_that_is_gone_is_an_end() -> None:
    with ends() as (channel, server):
        server.sendall(encode(A)[:3])
        server.close()
        with pytest.raises(EOFError):
            list(channel.receive(wait=True))
