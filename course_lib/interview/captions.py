"""The captions of the lessons' tables in Chinese. The lessons' tables are English, as all their figures are."""

from __future__ import annotations

import re

from course_lib.language import Say

# What a caption says in English, whole, and the same in Chinese with its numbers.
_CHINESE = (
    (r"([\d.]+)x smaller, without compressing a single number", r"缩小 \1 倍，却没有压缩任何一个数"),
    (r"Eight versions, every axis\. (.+)", r"八个版本，逐项实测。\1"),
    (
        r"Two instruments on the same int8 files, ([\d,]+) validation images",
        r"两件仪器看同样的 int8 文件，\1 张验证图片",
    ),
    (
        r"The healthy int8 file behind five cameras, ([\d,]+) images, its input tensor",
        r"完好的 int8 文件接五种摄像头，\1 张图片，看它的输入张量",
    ),
    (r"([\d,]+) runs each, (\d+) thread, XNNPACK\. (.+)", r"各运行 \1 次，\2 线程，XNNPACK。\3"),
    (r"Left in float: ([A-Z_, ]+)\. (.+)", r"留在浮点的算子：\1。\2"),
    (
        r"Each file against float32 on the same ([\d,]+) images, differences in points of accuracy",
        r"各文件与 float32 在同样的 \1 张图片上比较，差值的单位是精度的百分点",
    ),
    (r"Seven combinations, trained for eleven epochs each, static int8", r"七种组合，各训练十一轮，静态 int8"),
    (
        r"The same int8 scheme from two tools, all ([\d,]+) test images",
        r"两个工具做同样的 int8 方案，全部 \1 张测试图片",
    ),
    (
        r"One int8 file, seven callers, ([\d,]+) test images, no error",
        r"一个 int8 文件，七种调用，\1 张测试图片，都不报错",
    ),
    (r"Memory of one model in a fresh process", r"一个模型在全新进程里占用的内存"),
    (
        r"([\d,]+) frames of a simulated phone, costs and accuracies as measured above",
        r"模拟手机上的 \1 帧，耗时和精度用课上的实测值",
    ),
    (
        r"Accuracy in %, weights rounded, activations float; mean of (\d+) seeds, ([\d,]+) test images, .*control",
        r"精度（%），权重舍入、激活为浮点；\1 个种子的平均，\2 张测试图片，p 值为与对照的配对检验",
    ),
    (
        r"Agreement with the float model's top token, ([\d,]+) hidden states; the same function in all columns",
        r"与浮点模型首选 token 的一致率，\1 个隐藏状态；各栏算的是同一个函数",
    ),
)


def both(caption: str) -> Say:
    """Return a lesson's caption in both languages; one that is not known here stays English in both."""
    for english, chinese in _CHINESE:
        found = re.fullmatch(english, caption)
        if found:
            return Say(caption, re.sub(r"\b(\d+) cores\b", r"\1 核", found.expand(chinese)))
    return Say(caption, caption)
