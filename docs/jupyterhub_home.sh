#!/bin/sh
# Gives one learner of a JupyterHub a folder that looks like the course, while the shared install stays read-only:
#     sh /srv/course/docs/jupyterhub_home.sh /srv/course [FOLDER]        (default: ~/litert-course)
# Everything in it is a link to the shared install, except workbook/, which is the learner's own. Running it again at
# every start adds what is new and keeps the learner's work.
set -eu
shared=$(cd "$1" && pwd)
home=${2:-"$HOME/litert-course"}
mkdir -p "$home/workbook"
for each in "$shared"/* "$shared/.venv"; do
    name=$(basename "$each")
    if [ "$name" != workbook ] && [ ! -d "$home/$name" -o -L "$home/$name" ]; then ln -sfn "$each" "$home/$name"; fi
done
COURSE_ROOT="$home" "$shared/.venv/bin/python" -m course_lib.start_page
