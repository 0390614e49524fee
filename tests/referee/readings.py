"""The 33 recommendations as truth tables, written by hand from the formal readings.

Each of the 20 findings that decide something is one axis of a NumPy array, with the finding's values as positions.
`is_in` is an array that varies along one axis only; combined by `&`, `|` and `~`, arrays broadcast, so a formula is
only as large as the findings that it uses. A cell is one patient, and True means that the formula holds for them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.bool_]
"""One formula over all findings: an axis a finding, of size 1 where the formula does not look at it."""

GRADES = ("none", "mild", "moderate", "severe")
METATARSAL_HEAD = ("mth-1", "mth-2", "mth-3", "mth-4", "mth-5")
LESSER_DIGIT = ("digit-2", "digit-3", "digit-4", "digit-5")
FOREFOOT = (*METATARSAL_HEAD, "hallux", *LESSER_DIGIT, "other-forefoot")
SITES = (*FOREFOOT, "midfoot", "heel")
PRESENT_ABSENT = ("present", "absent")

VALUES: Mapping[str, tuple[str, ...]] = {
    "diabetes": PRESENT_ABSENT,
    "falls-risk": ("high", "not-high"),
    "offloading-device-availability": ("available", "unavailable"),
    "non-removable-device-contraindication": PRESENT_ABSENT,
    "non-removable-device-tolerance": ("tolerated", "not-tolerated"),
    "neuropathy": PRESENT_ABSENT,
    "ischaemia-grade": GRADES,
    "vascular-assessment": ("done", "not-done"),
    "limited-ankle-dorsiflexion": PRESENT_ABSENT,
    "ulcer": PRESENT_ABSENT,
    "calcification": PRESENT_ABSENT,
    "site": SITES,
    "aspect": ("plantar", "apex", "non-plantar"),
    "infection-grade": GRADES,
    "osteomyelitis": PRESENT_ABSENT,
    "flexible-toe-deformity": PRESENT_ABSENT,
    "hyperkeratosis": PRESENT_ABSENT,
    "non-surgical-offloading": ("not-tried", "ongoing", "failed", "succeeded"),
    "offloading-surgery-performed": PRESENT_ABSENT,
    "metatarsal-head-resection-performed": PRESENT_ABSENT,
}
"""The findings that decide something, each with its closed set of values."""

FINDINGS = tuple(VALUES)

ASSUMED: Mapping[str, str] = {
    "offloading-device-availability": "available",
    "non-removable-device-tolerance": "tolerated",
    "calcification": "absent",
    "offloading-surgery-performed": "absent",
    "metatarsal-head-resection-performed": "absent",
}
"""What the default policy takes for granted where nothing is recorded."""


def is_in(finding: str, *values: str) -> Truth:
    """True where the finding has one of the values."""
    unknown = set(values) - set(VALUES[finding])
    assert not unknown, f"{finding} has no value {unknown}"
    shape = [1] * len(FINDINGS)
    shape[FINDINGS.index(finding)] = len(VALUES[finding])
    return np.array([value in values for value in VALUES[finding]]).reshape(shape)


def present(finding: str) -> Truth:
    """True where the finding is present."""
    return is_in(finding, "present")


def infection(*grades: str) -> Truth:
    """True where the infection has one of the grades."""
    return is_in("infection-grade", *grades)


def ischaemia(*grades: str) -> Truth:
    """True where the ischaemia has one of the grades."""
    return is_in("ischaemia-grade", *grades)


def site(*sites: str) -> Truth:
    """True where the lesion lies at one of the sites."""
    return is_in("site", *sites)


def aspect(*aspects: str) -> Truth:
    """True where the lesion lies on one of the aspects."""
    return is_in("aspect", *aspects)


# What the model itself excludes: every completion of a partial state makes each of these true.
AXIOMS: tuple[Truth, ...] = (
    ~present("metatarsal-head-resection-performed") | present("offloading-surgery-performed"),
    ~aspect("apex") | site("hallux", *LESSER_DIGIT),
)

# Shared conditions.
IWGDF_SCOPE = present("ulcer") & present("diabetes")
DFU = present("diabetes") & present("neuropathy") & present("ulcer")
PLANTAR_FM = DFU & aspect("plantar", "apex") & site(*FOREFOOT, "midfoot")
CLEAN = infection("none") & ischaemia("none")
C7A = (infection("mild") & ischaemia("none")) | (infection("none") & ischaemia("mild"))
C7C = infection("severe") | ischaemia("severe") | (infection("moderate") & ischaemia("moderate"))
C7B = ~CLEAN & ~C7A & ~C7C
DEVICE = is_in("offloading-device-availability", "available")
NON_REMOVABLE_POSSIBLE = (
    DEVICE
    & is_in("non-removable-device-contraindication", "absent")
    & is_in("non-removable-device-tolerance", "tolerated")
    & is_in("falls-risk", "not-high")
)
NON_REMOVABLE_IMPOSSIBLE = DEVICE & (
    present("non-removable-device-contraindication")
    | is_in("non-removable-device-tolerance", "not-tolerated")
    | is_in("falls-risk", "high")
)
NO_SURGERY = C7C | is_in("vascular-assessment", "not-done")
NO_ELECTIVE_SURGERY = NO_SURGERY | infection("moderate", "severe") | present("osteomyelitis")
FAILED = is_in("non-surgical-offloading", "failed") & is_in("offloading-surgery-performed", "absent")
FLEXIBLE = present("flexible-toe-deformity")
EQUINUS = present("limited-ankle-dorsiflexion")
PLANTAR_MTH = aspect("plantar") & site(*METATARSAL_HEAD)
CALC = present("calcification") & site(*FOREFOOT)
OPERATED = site(*FOREFOOT) & present("offloading-surgery-performed")

IWGDF = "iwgdf-offloading-2023"
STC = "metatarsal-calcification"

ELIGIBLE: Mapping[str, Mapping[str, Truth]] = {
    IWGDF: {
        "iwgdf-1a": PLANTAR_FM & CLEAN & NON_REMOVABLE_POSSIBLE,
        "iwgdf-1b": PLANTAR_FM & CLEAN & NON_REMOVABLE_POSSIBLE,
        "iwgdf-2": PLANTAR_FM & (CLEAN | C7A) & NON_REMOVABLE_IMPOSSIBLE,
        "iwgdf-3": PLANTAR_FM & DEVICE,
        "iwgdf-4": PLANTAR_FM & ~DEVICE,
        "iwgdf-5a": DFU & PLANTAR_MTH & FAILED & EQUINUS & ~NO_ELECTIVE_SURGERY,
        "iwgdf-5b": DFU & PLANTAR_MTH & FAILED & ~NO_SURGERY,
        "iwgdf-5c": DFU & aspect("plantar", "apex") & site("hallux") & FAILED & ~NO_ELECTIVE_SURGERY,
        "iwgdf-5d": DFU & PLANTAR_MTH & FAILED & ~NO_ELECTIVE_SURGERY,
        "iwgdf-6": DFU & aspect("plantar", "apex") & site(*LESSER_DIGIT) & FLEXIBLE & infection("none") & ~NO_SURGERY,
        "iwgdf-7a": PLANTAR_FM & C7A & NON_REMOVABLE_POSSIBLE,
        "iwgdf-7b": PLANTAR_FM & C7B & DEVICE,
        "iwgdf-7c": PLANTAR_FM & C7C,
        "iwgdf-8": DFU & aspect("plantar") & site("heel"),
        "iwgdf-9": IWGDF_SCOPE & aspect("non-plantar"),
        "iwgdf-9t": IWGDF_SCOPE
        & aspect("non-plantar")
        & site(*LESSER_DIGIT)
        & FLEXIBLE
        & infection("none")
        & ~NO_SURGERY,
        "iwgdf-ext-1": IWGDF_SCOPE & C7C & ~PLANTAR_FM,
    },
    STC: {
        "stc-01": CALC & site(*METATARSAL_HEAD) & FAILED & ~NO_SURGERY,
        "stc-07": CALC & present("hyperkeratosis") & ~(infection("none") & ischaemia("severe")),
        "stc-09": CALC,
        "stc-10": CALC & (CLEAN | C7A) & NON_REMOVABLE_POSSIBLE,
        "stc-11": CALC & (((CLEAN | C7A) & NON_REMOVABLE_IMPOSSIBLE) | (DEVICE & C7B & ~infection("moderate"))),
        "stc-12": CALC & ~DEVICE,
        "stc-13": CALC & site(*METATARSAL_HEAD) & present("ulcer") & FAILED & ~NO_SURGERY,
        "stc-16": CALC & site("hallux") & FAILED & ~NO_ELECTIVE_SURGERY,
        "stc-17": CALC
        & site(*LESSER_DIGIT)
        & FLEXIBLE
        & infection("none")
        & ~NO_SURGERY
        & (FAILED | (DFU & aspect("plantar", "apex"))),
        "stc-18": CALC & EQUINUS & FAILED & ~NO_ELECTIVE_SURGERY,
        "stc-20": CALC & infection("moderate") & C7B & DEVICE,
        "stc-21": CALC & infection("severe"),
        "stc-28": CALC & C7C & ~infection("severe"),
        "stc-22": OPERATED,
        "stc-24": OPERATED,
        "stc-23": site(*FOREFOOT) & present("metatarsal-head-resection-performed"),
    },
}
"""For whom each recommendation of each guideline is eligible."""

SCOPES: Mapping[str, Truth] = {
    IWGDF: IWGDF_SCOPE,
    STC: site(*FOREFOOT) & (present("calcification") | present("offloading-surgery-performed")),
}
"""For whom each guideline speaks."""

POPULATIONS: Mapping[str, Truth] = {STC: DFU}
"""Whom the evidence of a guideline comes from, where it is borrowed from elsewhere."""

DECISIONS: Mapping[str, tuple[str, ...]] = {
    "offloading": (
        *("iwgdf-1a", "iwgdf-1b", "iwgdf-2", "iwgdf-4", "iwgdf-6", "iwgdf-7a", "iwgdf-7b", "iwgdf-7c", "iwgdf-8"),
        *("iwgdf-9", "iwgdf-ext-1", "stc-10", "stc-11", "stc-12", "stc-20", "stc-21", "stc-28"),
    ),
    "surgery": (
        *("iwgdf-5a", "iwgdf-5b", "iwgdf-5c", "iwgdf-5d", "iwgdf-9t"),
        *("stc-01", "stc-13", "stc-16", "stc-17", "stc-18"),
    ),
    "aftercare": ("stc-22", "stc-23", "stc-24"),
    "local-care": ("stc-07", "stc-09"),
    "footwear": ("iwgdf-3",),
}
"""The recommendations that answer each question."""

LINES: Mapping[str, int] = {
    "iwgdf-1a": 1,
    "iwgdf-1b": 1,
    "iwgdf-2": 2,
    "iwgdf-4": 3,
    "iwgdf-6": 1,
    "iwgdf-7a": 1,
    "iwgdf-7b": 1,
    "iwgdf-7c": 1,
    "iwgdf-ext-1": 1,
    "stc-10": 1,
    "stc-11": 2,
    "stc-12": 3,
    "stc-20": 1,
    "stc-21": 1,
    "stc-28": 1,
}
"""Line of choice within the decision; recommendations without a line are not ranked."""

PREFERRED_OVER: Mapping[str, tuple[str, ...]] = {"iwgdf-6": ("iwgdf-1a", "iwgdf-1b", "iwgdf-2", "iwgdf-7a")}
"""Declared preference between recommendations, whatever their lines."""

OVERRIDES: Mapping[str, tuple[str, ...]] = {IWGDF: ("iwgdf-7c", "iwgdf-ext-1"), STC: ("stc-21", "stc-28")}
"""Recommendations that come before every other of their guideline that offloads or operates."""

OVERRIDABLE = frozenset(DECISIONS["offloading"] + DECISIONS["surgery"]) - frozenset(sum(OVERRIDES.values(), ()))
"""What an override sets aside."""


def preferred(guideline: str, recommendation: str) -> Truth:
    """For whom a recommendation with a line comes first: eligible, and nothing eligible goes before it."""
    eligible = ELIGIBLE[guideline]
    decision = next(members for members in DECISIONS.values() if recommendation in members)
    first = eligible[recommendation]
    for other, holds in eligible.items():
        lower_line = other in decision and LINES.get(other, np.inf) < LINES[recommendation]
        declared = recommendation in PREFERRED_OVER.get(other, ())
        overrides = other in OVERRIDES[guideline] and other != recommendation
        if lower_line or declared or overrides:
            first = first & ~holds
    return first


assert sum(len(formulas) for formulas in ELIGIBLE.values()) == 33
assert sorted(sum(DECISIONS.values(), ())) == sorted(name for group in ELIGIBLE.values() for name in group)
