"""Parts of the pages on the evidence: every figure in them is computed from the rows."""

from collections.abc import Callable, Sequence

from kansym.documents.blocks import (
    Block,
    Illustration,
    Items,
    Paragraph,
    Strong,
    Tabular,
    line,
    row,
)
from kansym.documents.pictures import Picture
from kansym.studies.bench.kind_names import DESCRIPTIONS, DISCOVER
from kansym.studies.bench.reading_names import DATA, FUNCTION, QUESTIONS, WEIGHTS
from kansym.studies.bench.record import Record
from kansym.studies.bench.runs import PARAMETERS
from kansym.studies.claims.page import estimate_tables
from kansym.studies.comparison.comparison import compare
from kansym.studies.comparison.figures import KindSummary
from kansym.studies.comparison.page import failures_table
from kansym.studies.comparison.plots import two_readings_plot
from kansym.studies.comparison.tables import cost_table, pair_table, recovery_table
from kansym.studies.comparison.words import percent
from kansym.studies.evidence.design import BUDGETS, KINDS
from kansym.studies.evidence.evidence import Evidence
from kansym.studies.intervals import Interval

__all__ = ["BLOCKS"]

_NOT_YET: list[Block] = [Paragraph(line("Not run yet."))]


def _without_noise(evidence: Evidence, reading: str) -> list[KindSummary]:
    """Figures of every kind in one reading, in the order of the design."""
    asked = (0.0, reading)
    found = {
        one.kind: one for one in evidence.comparison.kinds if (one.noise, one.reading) == asked
    }
    return [found[kind] for kind in KINDS if kind in found]


def _answer(evidence: Evidence) -> list[Block]:
    """The answer in a few sentences."""
    sentences = []
    for reading in (WEIGHTS, FUNCTION):
        kinds = [one for one in _without_noise(evidence, reading) if one.recovered is not None]
        shares = ", ".join(f"{one.kind} {percent(one.recovered)}" for one in kinds)
        sentences.append(line(Strong(QUESTIONS[reading]), f" Recovered by {reading}: {shares}."))
    for one in _without_noise(evidence, DATA):
        words = f" {one.kind}, from the same rows: {percent(one.recovered)}."
        sentences.append(line(Strong(QUESTIONS[DATA]), words))
    return [Items(tuple(sentences))]


def _runs(evidence: Evidence) -> list[Block]:
    """How much has been run."""
    records = [*evidence.records, *evidence.widened]
    everything = [*records, *evidence.peers]
    sets = {record.problem: record.set for record in records}
    feynman = sum(name == "feynman" for name in sets.values())
    lost = sum(record.status != "ok" for record in everything)
    budget = BUDGETS[PARAMETERS]
    several = {
        "kinds": {record.kind for record in records},
        "readings": {record.reading for record in records} - {DATA},
        "seeds": {record.seed for record in records},
        "levels of noise": {record.noise for record in records},
    }
    words = (
        f"{len(records)} rows of the {evidence.planned} that the design has: {len(sets)} problems "
        f"({feynman} Feynman equations, {len(sets) - feynman} from outside it), "
        f"{', '.join(f'{len(found)} {name}' for name, found in several.items())}; "
        f"{len(evidence.records)} rows at equal size and {len(evidence.widened)} at equal "
        f"accuracy. Other programs have {len(evidence.peers)} rows. {evidence.left_out} more rows "
        f"belong to problems of which not every kind has been run. {lost} runs came to nothing; "
        "they count as not recovered. Each network had "
        f"{budget.rows} rows, and {budget.limit:g} s of one core for training and one reading."
    )
    return [Paragraph(line(words))]


def _kinds(evidence: Evidence) -> list[Block]:
    """What the names of kinds mean."""
    rows = tuple(row(kind, DESCRIPTIONS[kind]) for kind in KINDS)
    return [Tabular(row("kind", "what it is"), rows, "ll", line("Kinds."))]


def _figure(evidence: Evidence) -> list[Block]:
    """Recovery by kind and reading."""
    found: dict[str, dict[str, Interval]] = {}
    for reading in (WEIGHTS, FUNCTION, DATA):
        own = _without_noise(evidence, reading)
        found[reading] = {one.kind: one.recovered for one in own if one.recovered is not None}
    kinds = [kind for kind in KINDS if any(kind in own for own in found.values())]
    words = "share of problems whose formula was recovered"
    axes = two_readings_plot(kinds, {key: own for key, own in found.items() if own}, words)
    caption = line("Recovery without noise by kind and reading, with 95 % intervals over problems.")
    return [Illustration(Picture(axes), caption, f"{words}; the tables hold the numbers")]


def _recovery(evidence: Evidence) -> list[Block]:
    """A table for each question, and the paired differences."""
    blocks: list[Block] = []
    for reading in (WEIGHTS, FUNCTION):
        blocks.append(recovery_table(_without_noise(evidence, reading)))
        pairs = [p for p in evidence.comparison.pairs if not p.noise and p.reading == reading]
        blocks += pair_table(pairs)
    return blocks


def _known_beyond(evidence: Evidence) -> list[Block]:
    """What each kind knows beyond what is written in it."""
    return pair_table([p for p in evidence.comparison.pairs if not p.noise and not p.reading])


def _costs(evidence: Evidence) -> list[Block]:
    """Sizes, errors and bits."""
    return [cost_table(_without_noise(evidence, FUNCTION))]


def _noise(evidence: Evidence) -> list[Block]:
    """Recovery of every kind at each level of noise, on the problems that have all levels."""
    noisy = {record.problem for record in evidence.records if record.noise}
    if not noisy:
        return _NOT_YET
    levels = sorted({record.noise for record in evidence.records})
    own = [r for r in evidence.records if r.problem in noisy and r.seed == 0]
    found = {(one.kind, one.reading, one.noise): one.recovered for one in compare(own).kinds}
    header = row("kind", "reading", *(f"noise {level:g}" for level in levels))
    rows = tuple(
        row(kind, reading, *(percent(found.get((kind, reading, level))) for level in levels))
        for kind in KINDS
        for reading in ((DATA,) if kind == DISCOVER else (WEIGHTS, FUNCTION))
    )
    caption = line(f"Recovery under noise, on the {len(noisy)} problems that have it.")
    return [Tabular(header, rows, "ll" + "r" * len(levels), caption)]


def _accuracy(evidence: Evidence) -> list[Block]:
    """MLPs widened until they are as accurate as the KAN."""
    if not evidence.widened:
        return _NOT_YET
    comparison = compare(evidence.widened)
    tables = [
        recovery_table([one for one in comparison.kinds if one.reading == reading])
        for reading in comparison.readings
    ]
    words = [words for words in comparison.verdict if words.startswith("MLPs were widened")]
    return [*tables, *(Paragraph(line(each)) for each in words)]


def _peers(evidence: Evidence) -> list[Block]:
    """Other programs beside the search without a network, on the problems that they have."""
    if not evidence.peers:
        return _NOT_YET
    asked = {record.problem for record in evidence.peers}
    own = [
        record
        for record in evidence.records
        if (record.kind, record.seed, record.noise) == (DISCOVER, 0, 0.0)
        and record.problem in asked
    ]
    comparison = compare([*own, *evidence.peers])
    return [recovery_table(comparison.kinds), *pair_table(comparison.pairs)]


def _claims(evidence: Evidence) -> list[Block]:
    """Every claim with its verdict."""
    rows = tuple(
        row(one.claim.identifier, one.claim.statement, Strong(str(one.ruling)), one.runs)
        for one in evidence.claims()
    )
    header = row("", "statement", "verdict", "from")
    return [Tabular(header, rows, "llll", line("Claims and what these runs say of them."))]


def _stability(evidence: Evidence) -> list[Block]:
    """Whether another seed gives the same form."""
    return _estimates(evidence, "C12")


def _seconds(evidence: Evidence) -> list[Block]:
    """Seconds and parameters per law."""
    return _estimates(evidence, "C13")


def _knots(evidence: Evidence) -> list[Block]:
    """The knots."""
    return _estimates(evidence, "C8")


def _estimates(evidence: Evidence, identifier: str) -> list[Block]:
    """The figures, remarks and formulas of one claim."""
    found = [one for one in evidence.claims() if one.claim.identifier == identifier]
    if not found:
        return _NOT_YET
    ruling = found[0].ruling
    blocks = estimate_tables(ruling.figures)
    if ruling.formulas and identifier == "C8":
        rows = tuple(row(origin, text[:200]) for origin, text in ruling.formulas)
        blocks.append(Tabular(row("read from", "formula"), rows, "ll", line("Formulas.")))
    return [*blocks, Items(tuple(line(remark) for remark in ruling.remarks))]


# -- every problem -----------------------------------------------------------------------------


def _problems(evidence: Evidence) -> list[Block]:
    """Every problem without noise with what each kind gave: by weights, then by function."""
    of_set: dict[str, set[str]] = {}
    for record in evidence.records:
        of_set.setdefault(record.set, set()).add(record.problem)
    return [_problem_table(evidence, sorted(names), name) for name, names in of_set.items()]


def _problem_table(evidence: Evidence, names: Sequence[str], of_set: str) -> Tabular:
    found: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for record in evidence.records:
        if not record.noise:
            cells = found.setdefault((record.problem, record.kind), {})
            cells.setdefault(record.reading, []).append(record)
    rows = tuple(
        row(name, *(_cell(found.get((name, kind), {})) for kind in KINDS)) for name in names
    )
    caption = line(
        f"Set {of_set}, no noise: seeds that recovered the formula of those tried, by weights / by "
        "function."
    )
    return Tabular(row("problem", *KINDS), rows, "l" + "r" * len(KINDS), caption)


def _cell(readings: dict[str, list[Record]]) -> str:
    """Recovered of tried, reading by reading."""
    counts = [
        f"{sum(bool(record.recovered) for record in readings[reading])}/{len(readings[reading])}"
        for reading in (WEIGHTS, FUNCTION, DATA)
        if reading in readings
    ]
    return " · ".join(counts) or "–"


def _formulas(evidence: Evidence) -> list[Block]:
    """The formulas that the first seed gave without noise, shortened."""
    rows = tuple(
        row(r.problem, r.kind, r.reading, _verdict(r), (r.formula or r.reason or "–")[:120])
        for r in evidence.records
        if r.noise == 0 and r.seed == 0
    )
    header = row("problem", "kind", "reading", "recovered", "formula")
    return [Tabular(header, rows, "lllll", line("Formulas of seed 0 without noise."))]


def _verdict(record: Record) -> str:
    return {True: "yes", False: "no", None: "–"}[record.recovered]


def _failures(evidence: Evidence) -> list[Block]:
    """Runs that came to nothing."""
    everything = (*evidence.records, *evidence.widened, *evidence.peers)
    lost = [record for record in everything if record.status != "ok"]
    return [failures_table(lost)] if lost else [Paragraph(line("No run was lost."))]


def _made(evidence: Evidence) -> list[Block]:
    """Versions of what made the rows."""
    records = (*evidence.records, *evidence.widened, *evidence.peers)
    versions = {tuple(sorted(record.versions.items())) for record in records}
    words = ["; ".join(f"{name} {version}" for name, version in each) for each in sorted(versions)]
    return [Items(tuple(line(each) for each in words))]


BLOCKS: dict[str, Callable[[Evidence], list[Block]]] = {
    "answer": _answer,
    "runs": _runs,
    "kinds": _kinds,
    "figure": _figure,
    "recovery": _recovery,
    "known-beyond": _known_beyond,
    "costs": _costs,
    "noise": _noise,
    "accuracy": _accuracy,
    "peers": _peers,
    "claims": _claims,
    "stability": _stability,
    "seconds": _seconds,
    "knots": _knots,
    "problems": _problems,
    "formulas": _formulas,
    "failures": _failures,
    "made": _made,
}
"""Parts by the names under which the pages ask for them."""
