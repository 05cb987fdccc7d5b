"""The contrast of the page's colours (WCAG, level AA)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.support import ROOT


def palettes() -> Mapping[str, dict[str, str]]:
    css = (ROOT / "nodes/threecx_node/simulator/page/templates/style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colour = re.compile(r"--([\w-]+): (#\w{6})")
    return {"light": dict(colour.findall(light)), "dark": dict(colour.findall(dark))}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [("ink", "page"), ("ink", "card"), ("ink", "hover"), ("ink", "code"), ("soft", "page"), ("soft", "card"),
     ("soft", "hover"), ("accent", "page"), ("accent", "card"), ("accent", "chosen"), ("accent", "hover"),
     ("soft", "chosen"), ("good", "card"), ("good", "hover"), ("good", "good-back"), ("bad", "bad-back"),
     ("get", "get-back"), ("change", "change-back")],
)  # fmt: skip
def test_contrast(scheme: str, ink: str, paper: str) -> None:
    palette = palettes()[scheme]
    one, other = sorted((luminance(palette[ink]), luminance(palette[paper])))
    assert (other + 0.05) / (one + 0.05) >= 4.5
