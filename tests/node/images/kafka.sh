#!/bin/sh
# Stands in for the entry point of the official image: Kafka's own program for images makes settings of
# the variables and formats the storage; then the broker runs.
set -eu

exec 2>&1
libraries='/opt/kafka/libs/*'
java -cp "$libraries" kafka.docker.KafkaDockerWrapper setup --default-configs-dir=/etc/kafka/docker \
    --mounted-configs-dir=/mnt/shared/config --final-configs-dir=/opt/kafka/config >/tmp/setup || {
    cat /tmp/setup
    exit 1
}
# shellcheck disable=SC2086 # several options
exec java ${KAFKA_HEAP_OPTS:-} -cp "$libraries" kafka.Kafka /opt/kafka/config/server.properties
