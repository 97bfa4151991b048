"""Reading typed answers: sentences, polarity, numbers and cues by themselves, then every card and every sample."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.card import Page, Point
from course_lib.catalog import topic, topics
from course_lib.interview.reading import read_answer
from course_lib.interview.reading.cues import compile_cues, stands, together
from course_lib.interview.reading.lexicon import lexicon
from course_lib.interview.reading.numbers import agree, compare_numbers, quantities, stated
from course_lib.interview.reading.polarity import hedged, negated, owned
from course_lib.interview.reading.sentences import normal, sentences, speaks, stem
from course_lib.interview.reading.typing_errors import mend, vocabulary

LANGUAGES = ("en", "zh")
WRITTEN = [each for each in topics() if each.written]
BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
OFF_TOPIC = {"en": "My favourite soup is made of leeks.", "zh": "我周末喜欢去公园散步。"}


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import answers
    finally:
        sys.path.remove(str(BENCHMARKS))
    return answers


@pytest.fixture(scope="module")
def read(bench):
    return [(each, read_answer(topic(each.number), each.text, each.language)) for each in bench.samples()]


def stand(cue, text, language):
    (only,) = stands(compile_cues((cue,), language).groups, normal(text, language), language)
    return only


def earns(reading):
    return any(each.verdict != "unsure" for each in reading.points) or bool(reading.pitfalls)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It is 3.5x faster. It costs 0.1 points!", ["It is 3.5x faster.", "It costs 0.1 points!"]),
        ("Call tf.lite.Interpreter, e.g. on a phone. Done", ["Call tf.lite.Interpreter, e.g. on a phone.", "Done"]),
        ('He said "stop." Then he left', ['He said "stop."', "Then he left"]),
        ("先问约束。再谈技术！为什么？因为有用", ["先问约束。", "再谈技术！", "为什么？", "因为有用"]),
        ("量化后快 3.5 倍；体积 1/4。", ["量化后快 3.5 倍；", "体积 1/4。"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("1. ... !!", []),
        ("", []),
    ],
)
def test_sentences(text, parts):
    assert list(sentences(text)) == parts


@pytest.mark.parametrize(
    "forms",
    ["quantize quantizes quantized quantizing quantisation", "prune pruned prunes pruning", "weight weights",
     "calibrate calibration calibrated", "rare rarely"],
)  # fmt: skip
def test_inflections_have_one_stem(forms):
    assert len({stem(form) for form in forms.split()}) == 1


@pytest.mark.parametrize("pair", ["structured unstructured", "lossless lossy", "faster fast", "zero zeropoint"])
def test_words_of_different_meaning_keep_different_stems(pair):
    first, second = map(stem, pair.split())
    assert first != second


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("quantizaton", "quantization"),
        ("calibartion", "calibration"),
        ("distilllation", "distillation"),
        ("internal", "internal"),
        ("lossy", "lossy"),
        ("asymmetric", "asymmetric"),
    ],
)
def test_a_typing_error_is_mended_and_another_word_is_not(typed, meant):
    known = vocabulary(("quantization | calibration", "distillation", "interval | losses | symmetric"))
    assert mend(typed, known) == meant


def test_spellings_meet_in_the_normal_form():
    assert normal("INT-8 and int 8, FP16", "en") == "int8 and int8 , float16"
    assert normal("zero-point", "en") == normal("zero_point", "en") == "zeropoint"
    assert normal("Ｉｎｔ８ 量化， 快 ３ 倍", "zh") == "int8量化,快3倍"


# cue, what is said, how the cue stands to it
POLARITY = [
    ("en", "+faster", "Int8 is faster.", "for"),
    ("en", "+faster", "Int8 is not always faster.", "against"),
    ("en", "+faster", "It doesn't run faster.", "against"),
    ("en", "+faster", "It is rarely faster.", "against"),
    ("en", "+faster", "There is no speedup.", "against"),
    ("en", "+faster", "The speedup is zero.", "against"),
    ("en", "+faster", "It is hardly faster.", "against"),
    ("en", "+faster", "It is slower.", "against"),
    ("en", "+faster", "It can't be that it isn't faster.", "for"),
    ("en", "+faster", "Not only smaller but faster.", "for"),
    ("en", "+faster", "It costs no accuracy, and it is faster.", "for"),
    ("en", "+faster", "No doubt it is faster.", "for"),
    ("en", "+faster", "It is a matter of taste.", ""),
    ("en", "-smaller", "The file does not get smaller.", "for"),
    ("en", "-smaller", "It never shrinks.", "for"),
    ("en", "-smaller", "The file is smaller.", "against"),
    ("en", "-smaller", "The file gets larger.", "for"),
    ("en", "-save", "The zeros save nothing.", "for"),
    ("zh", "+更快", "int8 更快。", "for"),
    ("zh", "+更快", "int8 并不一定更快。", "against"),
    ("zh", "+更快", "它不会更快。", "against"),
    ("zh", "+更快", "它未必更快。", "against"),
    ("zh", "+更快", "它很少更快。", "against"),
    ("zh", "+更快", "它快不了。", "against"),
    ("zh", "+更快", "它没有提速。", "against"),
    ("zh", "+更快", "它反而更慢。", "against"),
    ("zh", "+更快", "它不可能不更快。", "for"),
    ("zh", "+更快", "它不仅更小，而且更快。", "for"),
    ("zh", "+更快", "精度没有下降，所以它更快。", "for"),
    ("zh", "-变小", "文件不会变小。", "for"),
    ("zh", "-变小", "文件没有缩小。", "for"),
    ("zh", "-变小", "文件变小了。", "against"),
]


@pytest.mark.parametrize(("language", "cue", "text", "wanted"), POLARITY, ids=[row[2] for row in POLARITY])
def test_polarity(language, cue, text, wanted):
    assert stand(cue, text, language) == wanted


def test_every_negation_can_be_taken_back():
    for text in ("it is not faster", "it is never faster", "without being faster"):
        start = text.index("faster")
        assert negated(text, start, start + 6, "en")
        twice = text.replace("faster", "not faster")
        assert not negated(twice, start + 4, start + 10, "en")


@pytest.mark.parametrize(
    ("language", "text", "kept", "gone"),
    [
        ("en", "People say that pruning is faster, but the kernel decides.", "kernel", "faster"),
        ("en", "It is a myth that pruning is faster.", "", "faster"),
        ("en", "Pruning is faster is a myth.", "", "faster"),
        ("en", "Pruning is faster, but that is wrong.", "", "faster"),
        ("en", "Is pruning faster?", "", "faster"),
        ("en", "My first question: which constraint binds?", "constraint", "zzz"),
        ("zh", "很多人以为剪枝更快，其实要看算子。", "算子", "更快"),
        ("zh", "剪枝更快，这是一种误解。", "", "更快"),
        ("zh", "有人说剪枝更快，但没有证据。", "证据", "更快"),
        ("zh", "剪枝更快吗？", "", "更快"),
    ],
)
def test_what_others_say_is_not_the_speaker_s(language, text, kept, gone):
    (own,) = owned([normal(text, language)], language)
    assert kept in own
    assert gone not in own


def test_a_sentence_may_deny_the_one_before_it():
    assert owned(["prun is faster .", "that is wrong ."], "en")[0] == ""
    assert owned(["剪枝更快。", "这种说法不对。"], "zh")[0] == ""


def test_a_condition_limits_unless_it_is_what_the_cue_speaks_of():
    runs = compile_cues(("runs",), "en").groups[0][0].pattern
    assert hedged(normal("It is supported if a kernel exists.", "en"), "en", [runs])
    assert not hedged(normal("If it runs then it is supported.", "en"), "en", [runs])


@pytest.mark.parametrize(
    ("language", "text", "says"),
    [
        ("en", "Pruning removes neurons.", True),
        ("en", "Keep raw answers together with a hash.", True),
        ("en", "pruning, int8, gzip, faster, smaller, delegate", False),
        ("en", "int8 pruning gzip kernel delegate flash memory", False),
        ("en", "quantization / pruning / distillation / clustering / gzip", False),
        ("zh", "剪枝不会让文件变小。", True),
        ("zh", "剪枝、量化、蒸馏、更快、更小", False),
        ("zh", "剪枝，零，gzip，下载，闪存", False),
    ],
)
def test_a_sentence_is_told_from_keywords(language, text, says):
    assert speaks(text, language) is says


@pytest.mark.parametrize(
    ("text", "kind", "low", "high"),
    [
        ("3.4x faster", "factor", 3.4, 3.4),
        ("about 3 to 4 times", "factor", 3, 4),
        ("80 % of them", "percent", 80, 80),
        ("92.5 percent", "percent", 92.5, 92.5),
        ("0.5 points", "points", 0.5, 0.5),
        ("12.7 KB", "bytes", 12_700, 12_700),
        ("95,400 bytes", "bytes", 95_400, 95_400),
        ("33 ms", "time", 0.033, 0.033),
        ("3 µs", "time", 3e-6, 3e-6),
        ("快 3.4 倍", "factor", 3.4, 3.4),
        ("快三倍", "factor", 3, 3),
        ("百分之八十五", "percent", 85, 85),
        ("掉了 2.3 个百分点", "points", 2.3, 2.3),
        ("33 毫秒", "time", 0.033, 0.033),
        ("4 到 5 倍", "factor", 4, 5),
        ("快一点八倍", "factor", 1.8, 1.8),
        ("快了三四倍", "factor", 3, 4),
        ("快二十倍", "factor", 20, 20),
        ("twice as fast", "factor", 2, 2),
        ("a third of the size", "factor", 1 / 3, 1 / 3),
        ("two thirds of the weights", "factor", 2 / 3, 2 / 3),
        ("half the file", "factor", 0.5, 0.5),
        ("ten times faster", "factor", 10, 10),
        ("two and a half times smaller", "factor", 2.5, 2.5),
        ("an order of magnitude faster", "factor", 10, 10),
        ("thirty to fifty percent", "percent", 30, 50),
        ("half a point", "points", 0.5, 0.5),
        ("twenty-five milliseconds", "time", 0.025, 0.025),
        ("1/4 of the size", "factor", 0.25, 0.25),
        ("体积三分之一", "factor", 1 / 3, 1 / 3),
        ("省了一半", "factor", 0.5, 0.5),
        ("快一倍", "factor", 2, 2),
        ("快两倍", "factor", 2, 2),
        ("四分之一大小", "factor", 0.25, 0.25),
        ("八成的权重", "percent", 80, 80),
        ("一两个点", "points", 1, 2),
        ("一个数量级", "factor", 10, 10),
    ],
)
def test_numbers_with_units(text, kind, low, high):
    (only,) = quantities(text)
    assert only.kind == kind
    assert (only.low, only.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    "text",
    ["int8 and float16", "28x28 pixels", "in 2024", "version 3", "100 images", "第 3 层", "百分之十几", "好几倍",
     "half precision", "check it twice", "three times a day", "at one point in time", "快一点", "分成两份"],
)  # fmt: skip
def test_numbers_without_units_are_left_alone(text):
    assert quantities(text) == ()


@given(st.floats(0.1, 1e4), st.floats(1.0, 1.2))
def test_agreement_is_tolerant_and_symmetric_about_a_factor(value, off):
    (said,), (known,), (far,) = (quantities(f"{each:.6f}x") for each in (value * off, value, value * 3.1 + 2))
    assert agree(said, known)
    assert agree(known, said)
    assert not agree(far, known) or value < 1  # 0.4 times and 2.5 times are one ratio, told from two sides


def test_numbers_are_compared_with_the_point_that_is_shown():
    page = Page("t", "q?", points=(Point("It is {speed:.1f}x faster and loses {loss:.1f} points."),))
    said = [("It is 3x faster.", frozenset({0})), ("It is 9x faster.", frozenset({0})), ("9x.", frozenset())]
    read = compare_numbers(page, {"speed": 3.37, "loss": 0.2}, said)
    assert [each.verdict for each in read] == ["agrees", "disagrees", "unknown"]
    assert read[0].measured == "3.37x"
    (bound,) = compare_numbers(page, {"speed": 3.37, "loss": 0.2}, [("More than 2x.", frozenset({0}))])
    assert bound.verdict == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "It is not 4x faster.",
        "It isn't four times faster.",
        "4x is a myth.",
        "并不是 4 倍。",
        "4 倍是不可能的。",
        "没有四倍。",
    ],
)
def test_a_number_that_is_denied_agrees_with_nothing(text):
    page = Page("t", "q?", points=(Point("It is {speed:.1f}x faster."),))
    (read,) = compare_numbers(page, {"speed": 4.0}, [(text, frozenset({0}))])
    assert (read.verdict, read.measured) == ("unknown", "")


def test_what_stands_beside_a_denied_number_still_counts():
    page = Page("t", "q?", points=(Point("It is {speed:.1f}x faster."),))
    for text in ("Not 4x but 2.1x.", "并不是 4 倍，而是 2.1 倍。"):
        read = compare_numbers(page, {"speed": 2.0}, [(text, frozenset({0}))])
        assert [each.verdict for each in read] == ["unknown", "agrees"]


def test_a_number_that_others_claim_is_not_the_speaker_s():
    known = topic(10)
    said = "Vendors claim that int8 is 3.7x smaller."
    assert [each.verdict for each in read_answer(known, said, "en").numbers] == ["unknown"]


def test_a_number_is_set_beside_the_nearest_one_that_was_measured():
    page = topic(16).card.en
    measured = topic(16).measured
    for said in ("3.3x", "3.5x"):  # zeros in the download, channels in time: both within a quarter of the other
        (read,) = compare_numbers(page, measured, [(f"It is {said}.", frozenset({0}))])
        known = [each for each in stated(page.points[0].text, measured) if each.kind == "factor"]
        assert len(known) == 2
        nearest = min(known, key=lambda each, said=said: abs(each.low - float(said[:-1])))
        assert (read.verdict, read.measured) == ("agrees", nearest.text)


def test_cues_name_groups_that_stand_together():
    cues = compile_cues(("zeros | pruned", "file", "-smaller | +same", "unless gzip"), "en")
    said = normal("Pruned weights leave the file exactly the same.", "en")
    far = normal("Pruned weights are one thing. " + "And now something else entirely, " * 12 + "the same file.", "en")
    assert together(cues.groups, [said], "en")
    assert not together(cues.groups, [far], "en")
    assert cues.unless.search(normal("as gzip", "en"))
    assert stand("weight", "权重不变。", "zh") == "for", "the glossary joins the languages"


def test_the_lexicon_has_opposites_that_mean_each_other():
    words = lexicon()
    for language in LANGUAGES:
        for phrase in words.opposites[language]:
            for other in words.opposite(phrase, language):
                assert set(words.opposite(other, language)) == set(words.synonyms(phrase, language))


@given(st.sampled_from(WRITTEN), st.sampled_from(LANGUAGES), st.text(max_size=300))
@settings(max_examples=25, deadline=None)
def test_any_text_is_read_and_twice_alike(which, language, text):
    first = read_answer(which, text, language)
    assert first == read_answer(which, text, language)
    assert len(first.points) == len(which.card.page(language).points)


def test_adding_an_off_topic_sentence_never_removes_a_heard_point(read):
    for sample, reading in read[::7]:
        before = {each.point for each in reading.points if each.verdict == "heard"}
        for text in (f"{OFF_TOPIC[sample.language]}\n{sample.text}", f"{sample.text}\n{OFF_TOPIC[sample.language]}"):
            more = read_answer(topic(sample.number), text, sample.language)
            assert before <= {each.point for each in more.points if each.verdict == "heard"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_repeated_earns_nothing(language):
    for each in WRITTEN:
        question = each.card.page(language).question
        for text in (question, f"{question} {question}", question.rstrip("?？") + (". " if language == "en" else "。")):
            reading = read_answer(each, text, language)
            assert not earns(reading), (each.name, text)
            assert reading.remark


@pytest.mark.parametrize("language", LANGUAGES)
def test_keywords_earn_nothing(language):
    for each in WRITTEN:
        page = each.card.page(language)
        cues = [group.split("|")[0].strip() for row in (*page.points, *page.pitfalls) for group in row.listen]
        words = [cue for cue in cues if cue[0] not in "+-" and not cue.startswith(("unless ", "against "))]
        for text in ((", " if language == "en" else "、").join(words), " / ".join(words), "\n".join(words)):
            assert not earns(read_answer(each, text, language)), (each.name, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_denying_a_myth_earns_nothing_and_is_no_pitfall(language):
    for each in WRITTEN:
        for pitfall in each.card.page(language).pitfalls:
            says = each.fill(pitfall.says).rstrip(".。")
            for mark, comma in ((". ", ", "), ("; ", ", "), ("。", "，"), ("；", "，")):
                says = says.replace(mark, comma)
            denials = {
                "en": (
                    f"It is a myth that {says}.",
                    f"People say: {says}. That is wrong.",
                    f"{says}. This is a misconception.",
                ),
                "zh": (f"很多人说：{says}。这是错的。", f"有一种误解：{says}。", f"{says}。这种说法不对。"),
            }
            for text in denials[language]:
                assert not earns(read_answer(each, text, language)), (each.name, text)


REBUTTALS = {
    "en": (
        "A colleague once told me: {says}. He was wrong.",
        "If someone tells me {says}, I ask for the measurement.",
        "At first I thought {says}. Then I measured and it was wrong.",
        "I doubt that {says}.",
        "{says}, or so they say.",
        'The textbook sentence "{says}" is misleading.',
    ),
    "zh": (
        "同事跟我说{says}，他说错了。",
        "我怀疑{says}。",
        "我原来认为{says}，后来发现错了。",
        "“{says}”这句话要加条件。",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nine_of_ten_myths_in_the_mouth_of_others_are_not_the_speaker_s(language):
    heard = tried = 0
    for each in WRITTEN:
        for pitfall in each.card.page(language).pitfalls:
            says = re.sub("[.;。；] ?", ", " if language == "en" else "，", each.fill(pitfall.says).rstrip(".。"))
            for frame in REBUTTALS[language]:
                tried += 1
                heard += earns(read_answer(each, frame.format(says=says), language))
    assert heard < tried / 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_hardly_anything_that_a_card_says_as_true_is_heard_as_wrong(language):
    wrong = tried = 0
    for each in WRITTEN:
        page = each.card.page(language)
        for text in (page.answer, *(p.text for p in page.points), *(p.why for p in page.pitfalls)):
            tried += 1
            reading = read_answer(each, each.fill(text), language)
            wrong += bool(reading.pitfalls) or any(point.verdict == "contradicted" for point in reading.points)
    assert wrong <= tried / 50


@pytest.mark.parametrize(
    ("text", "limited"),
    [
        ("It is supported if a kernel exists.", True),
        ("It may be faster.", False),
        ("It may run faster.", True),
        ("If you want it smaller, prune it.", False),
        ("Whatever the model, it is always faster if you prune.", False),
        ("No float operator may remain.", False),
    ],
)
def test_a_wish_is_no_limit_and_who_speaks_of_everything_means_no_exception(text, limited):
    assert hedged(normal(text, "en"), "en") is limited


def test_what_contradicts_a_point_stands_in_one_thought():
    cues = compile_cues(("against zeros & +smaller",), "en").against[0]
    assert together(cues, [normal("Zeros make it smaller.", "en")], "en", closely=True)
    said = normal("Zeros leave the file alone, but the download is smaller.", "en")
    assert not together(cues, [said], "en", closely=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_shown(read, language):
    for sample, reading in read:
        if sample.language == language:
            for each in (*reading.points, *reading.pitfalls):
                for sentence in sentences(each.sentence):
                    assert sentence in sample.text
            assert all(each.sentence for each in reading.points if each.verdict != "unsure")


def test_strong_answers_stand_above_partial_and_those_above_folk_wisdom(bench, read):
    assert bench.orders(read) == []
    for each in WRITTEN:
        kinds = {(s.language, s.by, s.kind) for s, _ in read if s.number == each.number}
        assert {(language, "author", kind) for language in LANGUAGES for kind in bench.KINDS[:3]} <= kinds, each.name


def test_the_published_figures_are_of_this_reader(bench, read):
    published = (BENCHMARKS / "answers.csv").read_text("utf-8").splitlines()[1:]
    found = [",".join(str(row[column]) for column in bench.COLUMNS) for row in bench.count(read)]
    assert [line.replace('"', "") for line in published] == found, "run python benchmarks/answers.py"


def test_an_answer_is_read_in_fifty_milliseconds(read):
    sample, _ = max(read, key=lambda each: len(each[0].text))
    seconds = []
    for turn in range(5):
        text = f"{sample.text}\n{OFF_TOPIC[sample.language]} {turn}"  # another text each time: nothing is remembered
        start = time.process_time()
        read_answer(topic(sample.number), text, sample.language)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.05
