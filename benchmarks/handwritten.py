"""The peer: the criteria of all 33 recommendations, written by hand in plain Python on the same JSON.

This is how such rules are usually written: two-valued, one patient, one lesion, unknown read as no, no reasons, no
evidence, nothing about what is missing. It is fast, and it is what `unknown is never read as no` costs against.
"""

from __future__ import annotations

from typing import Any

FOOT = "https://w3id.org/guideline-reasoner/CodeSystem/foot"
MTH = {"mth-1", "mth-2", "mth-3", "mth-4", "mth-5"}
DIGITS = {"digit-2", "digit-3", "digit-4", "digit-5"}
FOREFOOT = MTH | DIGITS | {"hallux", "other-forefoot"}


def findings(bundle: dict[str, Any]) -> dict[str, Any]:
    """The findings of a bundle with one lesion."""
    found: dict[str, Any] = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        if kind == "Patient":
            continue
        coding = resource["code"]["coding"][0]
        code = coding["code"]
        if kind == "Observation":
            if "valueCodeableConcept" in resource:
                found[code] = resource["valueCodeableConcept"]["coding"][0]["code"]
            elif "valueQuantity" in resource:
                found["ankle-brachial-index" if code == "446841001" else code] = resource["valueQuantity"]["value"]
            else:
                found[code] = resource["valueInteger"]
        elif kind == "Condition":
            condition(resource, coding["system"], code, found)
        elif kind == "Procedure" and resource["status"] == "completed":
            found["offloading-surgery-performed"] = "present"
            if code == "metatarsal-head-resection":
                found["metatarsal-head-resection-performed"] = "present"
    return found


def condition(resource: dict[str, Any], system: str, code: str, found: dict[str, Any]) -> None:
    """What one Condition says."""
    if resource["verificationStatus"]["coding"][0]["code"] == "refuted":
        if code == "73211009":
            found["diabetes"] = "absent"
        return
    for site in resource.get("bodySite", ()):
        if (place := site["coding"][0]["code"]) not in ("left", "right"):
            found["site"] = place
    if system == FOOT:
        found[code] = "present"
    elif code == "371087003" or code.startswith("L97.5"):
        found["ulcer"] = "present"
        if code == "371087003":
            found["diabetes"] = "present"
    elif code.startswith(("E10", "E11")) or code in ("44054006", "73211009"):
        found["diabetes"] = "present"
        if code.endswith(".42"):
            found["neuropathy"] = "present"
    elif code == "L94.2":
        found["calcification"] = "present"
    elif code == "L84":
        found["hyperkeratosis"] = "present"
    elif code.startswith("M86"):
        found["osteomyelitis"] = "present"
    elif code == "R29.6":
        found["falls-risk"] = "high"


def ischaemia(f: dict[str, Any]) -> str | None:
    """The ischaemia grade, recorded or from the pressures."""
    if "ischaemia-grade" in f:
        return f["ischaemia-grade"]
    grades = [g for k in ("toe-pressure", "tcpo2") if k in f for g in [band(f[k], 60, 40, 30)]]
    if not grades and f.get("ankle-brachial-index", 0) <= 1.3:
        grades = [band(f["ankle-brachial-index"], 0.8, 0.6, 0.4)] if "ankle-brachial-index" in f else []
        if "ankle-pressure" in f:
            grades.append(band(f["ankle-pressure"], 100.0001, 70, 50))
    return ("none", "mild", "moderate", "severe")[max(grades)] if grades else None


def band(value: float, none: float, mild: float, moderate: float) -> int:
    """0 none, 1 mild, 2 moderate, 3 severe."""
    return 0 if value >= none else 1 if value >= mild else 2 if value >= moderate else 3


def infection(f: dict[str, Any]) -> str | None:
    """The infection grade, recorded or from the signs."""
    if "infection-grade" in f:
        return f["infection-grade"]
    bone = f.get("osteomyelitis") == "present"
    signs = f.get("local-infection-signs", 0 if bone else None)
    if signs is None:
        return None
    if f.get("sirs-criteria", 0) >= 2 and (signs >= 2 or bone):
        return "severe"
    deep = f.get("erythema-extent", 0) >= 2 or f.get("deep-tissue-involvement") == "present"
    if bone or (signs >= 2 and deep):
        return "moderate"
    return "none" if signs < 2 else "mild"


def decide(bundle: dict[str, Any]) -> dict[str, bool]:
    """Which of the 33 recommendations apply."""
    return rules(findings(bundle))


def rules(f: dict[str, Any]) -> dict[str, bool]:
    """Which of the 33 recommendations apply to a lesion of these findings."""
    get = f.get
    inf, isch, site, aspect = infection(f), ischaemia(f), get("site"), get("aspect")
    ulcer, diabetes = get("ulcer") == "present", get("diabetes") == "present"
    scope = ulcer and diabetes
    dfu = scope and get("neuropathy") == "present"
    sole = aspect in ("plantar", "apex")
    plantar = dfu and sole and (site in FOREFOOT or site == "midfoot")
    clean = inf == "none" and isch == "none"
    c7a = (inf == "mild" and isch == "none") or (inf == "none" and isch == "mild")
    c7c = inf == "severe" or isch == "severe" or (inf == "moderate" and isch == "moderate")
    c7b = inf is not None and isch is not None and not (clean or c7a or c7c)
    device = get("offloading-device-availability", "available") == "available"
    contra, falls = get("non-removable-device-contraindication"), get("falls-risk")
    tolerated = get("non-removable-device-tolerance", "tolerated") == "tolerated"
    possible = device and contra == "absent" and tolerated and falls == "not-high"
    impossible = device and (contra == "present" or not tolerated or falls == "high")
    surgery = get("offloading-surgery-performed", "absent") == "present"
    failed = get("non-surgical-offloading") == "failed" and not surgery
    vascular = get("vascular-assessment", "done" if isch else None)
    barred = c7c or vascular == "not-done"
    elective_barred = barred or inf in ("moderate", "severe") or get("osteomyelitis") == "present"
    limited, flexible = get("limited-ankle-dorsiflexion") == "present", get("flexible-toe-deformity") == "present"
    mth, digit, hallux, forefoot = site in MTH, site in DIGITS, site == "hallux", site in FOREFOOT
    calc = get("calcification") == "present" and forefoot
    tenotomy = digit and flexible and inf == "none" and not barred
    return {
        "iwgdf-1a": plantar and clean and possible,
        "iwgdf-1b": plantar and clean and possible,
        "iwgdf-2": plantar and (clean or c7a) and impossible,
        "iwgdf-3": plantar and device,
        "iwgdf-4": plantar and not device,
        "iwgdf-5a": dfu and aspect == "plantar" and mth and failed and limited and not elective_barred,
        "iwgdf-5b": dfu and aspect == "plantar" and mth and failed and not barred,
        "iwgdf-5c": dfu and sole and hallux and failed and not elective_barred,
        "iwgdf-5d": dfu and aspect == "plantar" and mth and failed and not elective_barred,
        "iwgdf-6": dfu and sole and tenotomy,
        "iwgdf-7a": plantar and c7a and possible,
        "iwgdf-7b": plantar and c7b and device,
        "iwgdf-7c": plantar and c7c,
        "iwgdf-8": dfu and aspect == "plantar" and site == "heel",
        "iwgdf-9": scope and aspect == "non-plantar",
        "iwgdf-9t": scope and aspect == "non-plantar" and tenotomy,
        "iwgdf-ext-1": scope and c7c and not plantar,
        "stc-01": calc and mth and failed and not barred,
        "stc-07": calc and get("hyperkeratosis") == "present" and not (inf == "none" and isch == "severe"),
        "stc-09": calc,
        "stc-10": calc and (clean or c7a) and possible,
        "stc-11": calc and (((clean or c7a) and impossible) or (device and c7b and inf != "moderate")),
        "stc-12": calc and not device,
        "stc-13": calc and mth and ulcer and failed and not barred,
        "stc-16": calc and hallux and failed and not elective_barred,
        "stc-17": calc and tenotomy and (failed or (dfu and sole)),
        "stc-18": calc and limited and failed and not elective_barred,
        "stc-20": calc and inf == "moderate" and c7b and device,
        "stc-21": calc and inf == "severe",
        "stc-28": calc and c7c and inf != "severe",
        "stc-22": forefoot and surgery,
        "stc-24": forefoot and surgery,
        "stc-23": forefoot and get("metatarsal-head-resection-performed") == "present",
    }
