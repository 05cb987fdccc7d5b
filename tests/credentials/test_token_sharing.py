"""Any order of requests, ends of tokens, strangers and clocks: what sources that share a store do, by hypothesis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from threecx_credentials import (
    Credential,
    LoginRefusedError,
    MemoryTokenStore,
    Token,
    TokenContestedError,
    TokenRefusedError,
    TokenSource,
)

CREDENTIAL = Credential.of("pbx.example", "workflow", "s3cr3t-key")
LIFETIME = 3600.0
SOURCES = 4


@dataclass
class Response:
    status: int
    document: Mapping[str, object]

    @property
    def content(self) -> bytes:
        return json.dumps(self.document).encode()


@dataclass
class Pbx:
    """A PBX with one live token per client, by a clock of its own."""

    moment: float = 1_000_000.0
    live: str = ""
    ends_at: float = 0.0
    issued: int = 0
    logins: int = 0
    refuses: bool = False
    accepted: list[str] = field(default_factory=list)

    def issue(self) -> str:
        self.issued += 1
        self.live, self.ends_at = f"token-{self.issued}", self.moment + LIFETIME
        return self.live

    async def post(self, path: str, form: Mapping[str, str], timeout: float) -> Response:  # noqa: ASYNC109 (as the PBX client)
        del path, form, timeout
        self.logins += 1
        if self.refuses:
            return Response(401, {"error": "unauthorized", "error_description": "blocked"})
        return Response(200, {"access_token": self.issue(), "expires_in": 60})

    def accepts(self, token: Token) -> bool:
        return token.access_token.reveal() == self.live and self.moment < self.ends_at


class Clock:
    """The clock of one machine: it is wrong by `skew` seconds, which may change."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self.skew = 0.0

    def now(self) -> float:
        return self._pbx.moment + self.skew


class Sharing(RuleBasedStateMachine):
    """Several processes of one user, whose clocks are up to ten minutes wrong, and strangers."""

    def __init__(self) -> None:
        super().__init__()
        self.pbx = Pbx()
        self.store = MemoryTokenStore()
        self.clocks = [Clock(self.pbx) for _ in range(SOURCES)]
        self.sources = [
            TokenSource(CREDENTIAL, self.store, self.pbx.post, now=clock.now, timer=lambda: self.pbx.moment)
            for clock in self.clocks
        ]
        # Logins that are allowed: one for each reason to request a token.
        self.reasons = 1
        self.expected_failures = 0

    def send(self, number: int) -> str:
        """Send a request as the client does: with at most two further tokens after a 401."""

        async def run() -> str:
            source = self.sources[number]
            token = await source.get_token(timeout=5)
            for _ in range(2):
                if self.pbx.accepts(token):
                    break
                token = await source.get_token(timeout=5, refused=token.access_token)
                if not self.pbx.accepts(token) and not source.refuse(token):
                    return "refused"
            if not self.pbx.accepts(token):
                return "refused"
            source.accept(token)
            return "done"

        return asyncio.run(run())

    @initialize(skews=st.lists(st.sampled_from([0.0, 600.0, -600.0]), min_size=SOURCES, max_size=SOURCES))
    def set_clocks(self, skews: list[float]) -> None:
        for clock, skew in zip(self.clocks, skews, strict=True):
            clock.skew = skew

    @rule(number=st.integers(0, SOURCES - 1), count=st.integers(1, 20))
    def requests(self, number: int, count: int) -> None:
        for _ in range(count):
            assert self.send(number) == "done"

    @rule(seconds=st.sampled_from([60.0, 1200.0, LIFETIME, 2 * LIFETIME]))
    def time_passes(self, seconds: float) -> None:
        self.pbx.moment += seconds
        # Each clock may find that the token ends, a little before or after the PBX does.
        self.reasons += SOURCES

    @rule(number=st.integers(0, SOURCES - 1), skew=st.sampled_from([0.0, 600.0, -600.0]))
    def clock_jumps(self, number: int, skew: float) -> None:
        self.clocks[number].skew = skew
        self.reasons += SOURCES

    @rule()
    def stranger_logs_in(self) -> None:
        self.pbx.issue()
        self.pbx.moment += 20
        self.reasons += 1

    @rule()
    def pbx_restarts(self) -> None:
        self.pbx.live = ""
        self.pbx.moment += 20
        self.reasons += 1

    @invariant()
    def no_login_is_made_without_a_reason(self) -> None:
        assert self.pbx.logins <= self.reasons


TestSharing = Sharing.TestCase


def request(pbx: Pbx, source: TokenSource, accepts: bool) -> str:
    """Send one request to a PBX that accepts the newest token, or none."""

    async def run() -> str:
        token = await source.get_token(timeout=5)
        for _ in range(2):
            if accepts and pbx.accepts(token):
                source.accept(token)
                return "done"
            token = await source.get_token(timeout=5, refused=token.access_token)
            if not (accepts and pbx.accepts(token)) and not source.refuse(token):
                return "refused"
        return "refused"

    return asyncio.run(run())


def make_source(pbx: Pbx, store: MemoryTokenStore | None = None) -> TokenSource:
    return TokenSource(
        CREDENTIAL, store or MemoryTokenStore(), pbx.post, now=lambda: pbx.moment, timer=lambda: pbx.moment
    )


def test_tokens_that_never_work_are_requested_once_a_pause() -> None:
    pbx = Pbx()
    source = make_source(pbx)
    for _ in range(100):
        with pytest.raises(TokenRefusedError):
            request(pbx, source, accepts=False)
    assert pbx.logins == 2
    pbx.moment += 11
    for _ in range(100):
        with pytest.raises(TokenRefusedError):
            request(pbx, source, accepts=False)
    assert pbx.logins == 3
    pbx.moment += 11
    assert request(pbx, source, accepts=True) == "done"


def test_two_strangers_stop_after_a_bounded_number_of_logins() -> None:
    pbx = Pbx()
    sources = [make_source(pbx), make_source(pbx)]
    contested = 0
    for number in range(200):
        try:
            request(pbx, sources[number % 2], accepts=True)
        except TokenContestedError:
            contested += 1
    assert pbx.logins < 20
    assert contested > 50


def test_a_wrong_secret_does_not_use_the_token_of_the_right_one() -> None:
    pbx, store = Pbx(), MemoryTokenStore()
    assert request(pbx, make_source(pbx, store), accepts=True) == "done"
    pbx.refuses = True
    wrong = Credential.of("pbx.example", "workflow", "wrong-key")
    with pytest.raises(LoginRefusedError):
        asyncio.run(TokenSource(wrong, store, pbx.post, now=lambda: pbx.moment).get_token(timeout=5))
    assert request(pbx, make_source(pbx, store), accepts=True) == "done"
    assert pbx.logins == 2
