"""Read every sample answer and count what the reader hears, misses and imagines: precision and recall for each claim.

    python benchmarks/answers.py              # ten seconds; writes benchmarks/answers.csv and answers.md
    python benchmarks/answers.py --show 05    # each disagreement on one topic (NN), and writes nothing

The samples are in benchmarks/answers: `NN.toml` and `NN.unread.toml` by people who had not seen the reader ("blind",
"unread"), `NN.author.toml` by whoever wrote the cues. Each file is a list of

    [[answer]]
    language = "en"            # or "zh"
    kind = "strong"            # strong | partial | folk-wrong | off-topic
    by = "blind"               # or "unread" or "author"
    heard = [0, 2]             # the points of the card that a fair interviewer would tick
    contradicted = [1]         # the points that the answer says the opposite of
    pitfalls = [0]             # the pitfalls it falls into
    text = '''...'''

Precision: of what the reader said, how much a fair interviewer says too. Recall: of what the interviewer says, how
much the reader found. "unsure" is silence and costs recall only. Intervals are Wilson's, 95 %; claims about one answer
are no independent draws, so the uncertainty is larger than they say.

Who wrote the cues read the blind answers in two halves, and benchmarks/answers_contacts.csv keeps what each half was
worth before it was read:

- first contact: cues finished, no blind answer read (commit d9c9ce4; for topics 18 and 21, 1ce53fa);
- second contact: the answers of the odd topics but 21 read, all cues widened from what people say there; the
  figures are those of the half whose texts were still unread, its totals were not (commit c5aa733).

Then that half was read too: "blind" and "author" are known answers now. **What a stranger's answer meets
is "unread"**: 240 answers written later, each with plain contradictions or denied myths. While the reader was mended
for them nobody looked at a text or at a single disagreement, only a few times at the totals; "Third contact" is what
the reader of before was worth on them (commit 9880b42). One person labelled them, once; whether a folk-wrong answer
only falls into a pitfall or also contradicts a point is often a matter of taste. `git checkout` of a commit and this
program give its figures again.
"""

from __future__ import annotations

import argparse
import csv
import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.catalog import Topic, topic, topics
from course_lib.interview.reading import Reading, read_answer

FOLDER = Path(__file__).resolve().parent
CLAIMS = ("heard", "contradicted", "pitfalls")
KINDS = ("strong", "partial", "folk-wrong", "off-topic")
COLUMNS = ("by", "language", "claim", "answers", "right", "imagined", "missed")


@dataclass(frozen=True)
class Sample:
    """An answer that somebody wrote, and what a fair interviewer would note."""

    number: int
    language: str
    kind: str
    by: str
    text: str
    marks: dict[str, frozenset[int]]


def samples(folder: Path = FOLDER / "answers") -> Iterator[Sample]:
    """Yield the samples of written topics, in the order of the files' names.

    Raises:
        ValueError: when a sample names a point or a pitfall that the card does not have.
    """
    written = {each.number: each for each in topics() if each.written}
    for path in sorted(folder.glob("*.toml")):
        number = int(path.name[:2])
        if number not in written:
            continue
        for row in tomllib.loads(path.read_text("utf-8"))["answer"]:
            page = written[number].card.page(row["language"])
            marks = {claim: frozenset(row[claim]) for claim in CLAIMS}
            if not marks["heard"] | marks["contradicted"] <= set(range(len(page.points))):
                raise ValueError(f"{path.name}: the card has {len(page.points)} points, the sample names others")
            if not marks["pitfalls"] <= set(range(len(page.pitfalls))) or row["kind"] not in KINDS:
                raise ValueError(f"{path.name}: no such pitfall, or no such kind: {row['kind']!r}")
            yield Sample(number, row["language"], row["kind"], row["by"], row["text"], marks)


def found(reading: Reading) -> dict[str, frozenset[int]]:
    """Return what a reading says, in the form of a sample's marks."""
    return {
        "heard": frozenset(each.point for each in reading.points if each.verdict == "heard"),
        "contradicted": frozenset(each.point for each in reading.points if each.verdict == "contradicted"),
        "pitfalls": frozenset(each.pitfall for each in reading.pitfalls),
    }


def balance(marks: dict[str, frozenset[int]]) -> int:
    """Return heard minus contradicted minus pitfalls: an order of samples for tests, never shown to a learner."""
    return len(marks["heard"]) - len(marks["contradicted"]) - len(marks["pitfalls"])


def wilson(right: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share, (0, 1) when there is nothing to count."""
    if not of:
        return 0.0, 1.0
    z = 1.96
    share, square = right / of, z * z / of
    middle, half = share + square / 2, z * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def count(read: Iterable[tuple[Sample, Reading]]) -> list[dict[str, str | int]]:
    """Return one row for each author, language and claim."""
    totals: Counter[tuple[str, str, str, str]] = Counter()
    for sample, reading in read:
        for claim, said in found(reading).items():
            wanted = sample.marks[claim]
            where = (sample.by, sample.language, claim)
            totals[*where, "answers"] += 1
            totals[*where, "right"] += len(said & wanted)
            totals[*where, "imagined"] += len(said - wanted)
            totals[*where, "missed"] += len(wanted - said)
    rows = sorted({key[:3] for key in totals}, key=lambda key: (key[0], key[1], CLAIMS.index(key[2])))
    return [dict(zip(COLUMNS, (*row, *(totals[*row, column] for column in COLUMNS[3:])), strict=True)) for row in rows]


def orders(read: Iterable[tuple[Sample, Reading]]) -> list[str]:
    """Return the cards on which strong, partial and folk-wrong answers do not stand in this order, on average."""
    values: dict[tuple[int, str], list[int]] = {}
    for sample, reading in read:
        values.setdefault((sample.number, sample.kind), []).append(balance(found(reading)))
    mean = {key: sum(each) / len(each) for key, each in values.items()}
    broken = []
    for number in sorted({key[0] for key in mean}):
        strong, partial, wrong = (mean.get((number, kind), 0.0) for kind in KINDS[:3])
        if not strong > partial > wrong:
            broken.append(f"{number:02d} ({strong:.1f}, {partial:.1f}, {wrong:.1f})")
    return broken


def ranking(read: Iterable[tuple[Sample, Reading]]) -> str:
    """Say on how many cards the order holds, for all answers and for a stranger's in each language alone."""
    known = list(read)
    lines = []
    for by, language in (("", ""), ("blind", "en"), ("blind", "zh"), ("unread", "en"), ("unread", "zh")):
        some = [(s, r) for s, r in known if not by or (s.by == by and s.language == language)]
        name = f"{by}, {language}" if by else "all answers"
        cards, broken = len({sample.number for sample, _ in some}), orders(some)
        held = f"{cards - len(broken)} of {cards} cards"
        lines.append(f"- {name}: on {held}" + (f"; not on {', '.join(broken)}" if broken else ""))
    return "\n".join(lines)


def table(rows: Iterable[dict[str, str | int]]) -> str:
    """Return rows as Markdown with shares and intervals."""
    lines = ["| by | language | what | answers | precision | recall |", "|---|---|---|---|---|---|"]
    for row in rows:
        right = int(row["right"])
        shares = []
        for other in ("imagined", "missed"):
            of = right + int(row[other])
            low, high = wilson(right, of)
            shares.append(f"{right / of:.2f} ({right} of {of}; {low:.2f} to {high:.2f})" if of else "nothing said")
        lines.append(f"| {row['by']} | {row['language']} | {row['claim']} | {row['answers']} | {' | '.join(shares)} |")
    return "\n".join(lines)


def show(which: Topic) -> None:
    """Print each disagreement about the samples of one topic."""
    for sample in samples():
        if sample.number != which.number:
            continue
        reading = read_answer(which, sample.text, sample.language)
        for claim, said in found(reading).items():
            for sign, places in (("imagined", said - sample.marks[claim]), ("missed", sample.marks[claim] - said)):
                for place in sorted(places):
                    print(f"{sample.language} {sample.kind} by {sample.by}: {sign} {claim} {place}")


def main() -> None:
    """Read all samples and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", metavar="NN")
    options = parser.parse_args()
    if options.show:
        show(topic(options.show))
        return
    read = [(each, read_answer(topic(each.number), each.text, each.language)) for each in samples()]
    rows = count(read)
    with (FOLDER / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    with (FOLDER / "answers_contacts.csv").open(encoding="utf-8", newline="") as file:
        contacts = list(csv.DictReader(file))
    parts = [
        "# What the reader of typed answers hears",
        "Written by `python benchmarks/answers.py`; its text says what is counted and who had read what.",
        f"## Now\n\n{table(rows)}",
        (
            "Strong above partial above folk-wrong, by points heard minus contradicted minus pitfalls (a number that "
            f"the reader shows to nobody), means of each card:\n\n{ranking(read)}"
        ),
    ]
    for name in dict.fromkeys(row["contact"] for row in contacts):
        parts.append(f"## {name}\n\n{table(row for row in contacts if row['contact'] == name)}")
    (FOLDER / "answers.md").write_text("\n\n".join(parts) + "\n", "utf-8")
    print(table(rows), ranking(read), sep="\n\n")


if __name__ == "__main__":
    main()
