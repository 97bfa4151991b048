# %% [markdown]
# # 00 · The mock interview
#
# **模拟面试**
#
# Questions to answer out loud in 60 seconds, easy ones first, each with its follow-ups; a table of
# the course to diagnose; one task at the whiteboard, graded by the checks of its exercise; and
# numbers to defend, yours where you have run lessons. Everything is offline, and it is kept after
# every step.
#
# 先易后难的提问，每题出声回答 60 秒，附追问；一张课程里的真实表格请你诊断；
# 一道白板题，由练习的检查来评；最后为数字辩护，跑过课程的话就是你自己的数字。
# 全程离线，每一步都会保存。
#
# **How to use it.** Run the cell below (Shift+Enter). Everything is reachable with Tab and Space;
# the language can be changed at any time. An answer that you type is read against the card: every
# point is *heard*, *the opposite was heard*, or *unsure*, with the sentence that shows it. You can
# overrule it with the tick boxes: your word stands. It is a checklist with evidence, not a mark.
#
# **怎么用。** 运行下面的单元格（Shift+Enter）。全部可用 Tab 和空格操作，语言随时可换。
# 打字的回答会对照卡片来读：每个要点是“听到了”“听到的是反话”或“不确定”，并附上那句话。
# 不同意就改勾选框，以你的判断为准。这是一份附证据的清单，不是分数。
#
# The same in a terminal: `course interview`. 在终端里也一样：`course interview`。

# %%
from course_lib.interview.widgets import interview

interview()
