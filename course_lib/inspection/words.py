"""The words of the reports, in English and Chinese."""

_WORDS = {
    "anatomy": ("Anatomy of a .tflite", ".tflite 解剖"),
    "file": ("file", "文件"),
    "gzip": ("gzip -9", "gzip -9"),
    "scheme": ("scheme", "量化方案"),
    "recipes": ("recipe", "配方"),
    "macs": ("MACs", "乘加次数"),
    "not counted": ("not counted: {names}", "未计入：{names}"),
    "peak": ("activations alive at once, at most", "激活同时存活的峰值"),
    "subgraphs": ("subgraphs", "子图"),
    "bytes": ("bytes", "字节"),
    "where": ("Where the bytes are", "字节都在哪里"),
    "section": ("section", "区段"),
    "share": ("share", "占比"),
    "contract": ("What goes in and what comes out", "输入与输出"),
    "direction": ("", ""),
    "input": ("input", "输入"),
    "output": ("output", "输出"),
    "name": ("name", "名称"),
    "type": ("type", "类型"),
    "shape": ("shape", "形状"),
    "scale": ("scale", "缩放因子"),
    "zero point": ("zero point", "零点"),
    "operators": ("Operators", "算子"),
    "operator": ("operator", "算子"),
    "ops": ("operators", "算子"),
    "count": ("count", "个数"),
    "weight bytes": ("weights read", "读权重"),
    "activation bytes": ("activations moved", "搬激活"),
    "traffic": (
        "Weights read and activations moved are bytes, a tensor once per operator; MACs are of dense arithmetic.",
        "“读权重”“搬激活”以字节计，每个算子对每个张量计一次；乘加次数按稠密运算计。",
    ),
    "weights": ("Largest weights", "最大的权重"),
    "remarks": ("Remarks", "备注"),
    "none": ("none", "无"),
    "unknown": ("unknown", "未知"),
    "more": ("{n:,} more are not listed", "另有 {n:,} 项未列出"),
    "in order": ("The file from its first byte to its last", "文件，从第一个字节到最后一个"),
    "map text": (
        "Each cell is {cell:,} bytes, coloured by the section that fills most of it; rows run from left to right.",
        "每格 {cell:,} 字节，颜色表示占其中最多的区段；逐行从左到右。",
    ),
    "live": ("Activation memory while each operator runs", "逐个算子运行时的激活内存"),
    "live text": (
        "Operator {op} ({name}) needs most: {bytes:,} bytes. The first is on the left; the runtime's arena is larger.",
        "{op} 号算子（{name}）需求最大：{bytes:,} 字节。最左是第一个算子；运行时的内存池（arena）只会更大。",
    ),
    "custom": (
        "custom operators, which a plain runtime refuses: {names}",
        "自定义算子，普通运行时会拒绝执行：{names}",
    ),
    "islands": (
        "float islands, computed in float in an integer file: {names}",
        "浮点孤岛，在整数文件里仍以浮点计算：{names}",
    ),
    "unpacked": (
        "{n} constants are unpacked before use: {stored:,} bytes in the file become {used:,} in memory",
        "{n} 个常量使用前要先展开：文件里 {stored:,} 字节，内存里 {used:,} 字节",
    ),
    "sparse": ("{n} tensors are stored sparse", "{n} 个张量以稀疏格式存储"),
    "unreferenced": (
        "{bytes:,} bytes that nothing uses, in {n} places; the first at byte {at:,}",
        "{bytes:,} 字节没有被任何东西引用，共 {n} 处；第一处在第 {at:,} 字节",
    ),
    "archive": ("associated files: {names}", "附带文件：{names}"),
    "signatures": ("signatures: {names}", "签名：{names}"),
    "metadata": ("metadata: {names}", "元数据：{names}"),
}
_SECTIONS_ZH = {
    "weights": "权重：算子拿来相乘的训练结果",
    "biases": "偏置：乘完之后再加",
    "constants": "其他常量：形状、轴、填充、单个数值",
    "quantization": "缩放因子与零点",
    "sparsity": "稀疏权重的非零位置",
    "operators": "算子及其选项",
    "tensors": "张量描述：形状、类型、缓冲区",
    "subgraphs": "子图：输入与输出",
    "signatures": "签名：有名字的入口",
    "buffers": "缓冲区列表（不含内容）",
    "metadata": "元数据",
    "strings": "名称等字符串",
    "vtables": "虚表：各字段的位置，布局相同的表共用",
    "header": "根偏移、文件标识、模型自身的表",
    "archive": "附在模型后面的 zip 包及其中的文件",
    "padding": "对齐用的零字节",
    "unreferenced": "没有被引用的字节，以及没人用的缓冲区",
}


def word(key: str, language: str, **values: object) -> str:
    """Return a text of the reports in "en" or "zh", its placeholders filled. Raises KeyError for an unknown key."""
    english, chinese = _WORDS[key]
    return (chinese if language == "zh" else english).format(**values)


def section_meaning(section: str, language: str) -> str:
    """Return what a section holds, in "en" or "zh"."""
    from course_lib.inspection.sections import SECTIONS

    return _SECTIONS_ZH[section] if language == "zh" else SECTIONS[section]
