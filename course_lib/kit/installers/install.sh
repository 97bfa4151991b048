#!/bin/sh
# Installs the course from this folder, without network: sh install.sh [FOLDER]      (default: ~/litert-course)
# 从本文件夹离线安装课程：sh install.sh [目标文件夹]（默认 ~/litert-course）
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:-"$HOME/litert-course"}
wanted="@PYTHONS@"

python=""
for version in $wanted; do
    for name in "python$version" python3 python; do
        found=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)
        if [ -z "$python" ] && [ "$found" = "$version" ]; then python=$name; fi
    done
done
if [ -z "$python" ]; then
    echo "This kit is for Python $wanted, and none was found: install one, then run this again." >&2
    echo "需要 Python $wanted，本机没有找到：请先安装，再运行一次。" >&2
    exit 1
fi

mkdir -p "$target"
target=$(cd "$target" && pwd)
cp -R "$here/course/." "$target/"
printf '#!/bin/sh\ncd "%s" && TIER=@TIER@ exec %s start.py lab "$@"\n' "$target" "$python" > "$target/start-lab.sh"
cp "$target/start-lab.sh" "$target/start-lab.command"
chmod +x "$target/start-lab.sh" "$target/start-lab.command"
cd "$target"
TIER=@TIER@ COURSE_WHEELS="$here/wheels" "$python" start.py setup
echo "Open the course with:  sh \"$target/start-lab.sh\""
echo "打开课程：sh \"$target/start-lab.sh\""
