#!/bin/sh
# Starts sbt as its own script does, as far as the presets go.
set -eu

# shellcheck disable=SC2086 # several options
exec java ${SBT_OPTS:-} -jar /usr/share/sbt/sbt-launch-*.jar "$@"
