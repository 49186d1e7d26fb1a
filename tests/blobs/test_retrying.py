"""When a request is tried again, by a clock that only the test moves."""

import socket

import pytest

from objstore.blobs.failures import Kind
from objstore.blobs.retrying import RequestFailedError, Retrying
from objstore.errors import CorruptionError


class Clock:
    def __init__(self):
        self.now, self.waits = 1000.0, []

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def policy(clock, **settings):
    return Retrying(clock=lambda: clock.now, sleep=clock.sleep, **{"chance": lambda: 1.0, **settings})


class Server:
    """Fails as told, then answers; each try takes `seconds`, or what is left."""

    def __init__(self, clock, failures, seconds=0.0):
        self.clock, self.failures, self.seconds = clock, list(failures), seconds
        self.limits = []

    def __call__(self, limit):
        self.limits.append(limit)
        self.clock.now += min(self.seconds, limit)
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def test_the_waits_double_up_to_the_longest(clock):
    server = Server(clock, [ConnectionResetError()] * 7)
    assert policy(clock).run(server) == "answer"
    assert clock.waits == [0.25, 0.5, 1, 2, 4, 8, 8]


def test_chance_takes_up_to_half_of_a_wait(clock):
    policy(clock, chance=lambda: 0.0).run(Server(clock, [ConnectionResetError()] * 3))
    assert clock.waits == [0.125, 0.25, 0.5]


def test_the_tries_are_counted(clock):
    with pytest.raises(RequestFailedError) as caught:
        policy(clock).run(Server(clock, [ConnectionResetError()] * 8))
    assert (caught.value.tries, caught.value.failure.kind) == (8, Kind.BROKEN)
    assert isinstance(caught.value.__cause__, ConnectionResetError)


def test_a_request_that_stalls_again_and_again_ends_by_the_deadline(clock):
    server = Server(clock, [TimeoutError()] * 8, seconds=20)
    with pytest.raises(RequestFailedError) as caught:
        policy(clock).run(server)
    assert caught.value.failure.kind is Kind.TIMED_OUT
    assert clock.now - 1000 <= 90
    assert server.limits == sorted(server.limits, reverse=True)
    assert server.limits[0] == 90


def test_many_bytes_get_longer(clock):
    server = Server(clock, [])
    policy(clock).run(server, size=64 << 20)
    assert server.limits == [90 + 512]


class ConnectTimeoutError(Exception):
    """As botocore and urllib3 name it."""


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("error", [ConnectionRefusedError(), socket.gaierror()])
def test_a_host_that_cannot_be_reached_gets_a_few_seconds(clock, error, chance):
    with pytest.raises(RequestFailedError):
        policy(clock, chance=lambda: chance).run(Server(clock, [error] * 8), answered=False)
    assert 1 < clock.now - 1000 < 4


def test_a_host_that_takes_no_connection_is_tried_twice(clock):
    with pytest.raises(RequestFailedError) as caught:
        policy(clock).run(Server(clock, [ConnectTimeoutError()] * 8, seconds=5), answered=False)
    assert (caught.value.tries, caught.value.failure.kind) == (2, Kind.UNREACHABLE)
    assert clock.now - 1000 < 11


def test_a_host_that_takes_the_connection_may_be_slow_to_answer_for_the_first_time(clock):
    assert policy(clock).run(Server(clock, [TimeoutError()], seconds=20), answered=False) == "answer"


def test_a_host_that_takes_connections_and_never_answers_is_tried_twice(clock):
    with pytest.raises(RequestFailedError) as caught:
        policy(clock).run(Server(clock, [TimeoutError()] * 8, seconds=20), answered=False)
    assert (caught.value.tries, caught.value.failure.kind) == (2, Kind.TIMED_OUT)
    assert clock.now - 1000 < 45


def test_a_host_that_has_answered_before_is_waited_for_longer(clock):
    assert policy(clock).run(Server(clock, [ConnectionRefusedError()] * 7), answered=True) == "answer"
    assert clock.now - 1000 > 20


def test_a_host_that_answers_meanwhile_is_waited_for_longer(clock):
    failures = [ConnectionRefusedError(), ConnectionResetError(), *[ConnectionRefusedError()] * 5]
    assert policy(clock).run(Server(clock, failures), answered=False) == "answer"


@pytest.mark.parametrize("error", [FileNotFoundError(), FileExistsError(), PermissionError(), TypeError("a mistake of ours")])
def test_what_would_fail_again_is_tried_once(clock, error):
    with pytest.raises(RequestFailedError) as caught:
        policy(clock).run(Server(clock, [error]))
    assert (caught.value.tries, clock.waits) == (1, [])


@pytest.mark.parametrize("error", [CorruptionError("cut short"), KeyboardInterrupt()])
def test_what_the_attempt_has_decided_and_ctrl_c_pass_through(clock, error):
    with pytest.raises(type(error)):
        policy(clock).run(Server(clock, [error]))
    assert clock.waits == []
