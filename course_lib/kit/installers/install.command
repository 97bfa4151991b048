#!/bin/sh
# macOS: a double click runs install.sh.
exec sh "$(dirname "$0")/install.sh" "$@"
