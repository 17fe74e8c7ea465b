#!/bin/sh
# Stands in for the entry point of the official image: makes settings of the variables, and runs the server.
set -eu

address=$(hostname -i | cut -d' ' -f1)
settings=/etc/cassandra
data=/var/lib/cassandra
cat >"$settings/cassandra.yaml" <<YAML
cluster_name: ${CASSANDRA_CLUSTER_NAME:-Test Cluster}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
num_tokens: 16
endpoint_snitch: ${CASSANDRA_ENDPOINT_SNITCH:-SimpleSnitch}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{seeds: "$address"}]
listen_address: $address
rpc_address: 0.0.0.0
broadcast_rpc_address: $address
data_file_directories: [$data/data]
commitlog_directory: $data/commitlog
saved_caches_directory: $data/saved_caches
hints_directory: $data/hints
commitlog_sync: periodic
commitlog_sync_period: 10s
YAML
printf 'dc=%s\nrack=%s\n' "${CASSANDRA_DC:-dc1}" "${CASSANDRA_RACK:-rack1}" >"$settings/cassandra-rackdc.properties"
cat >"$settings/logback.xml" <<'XML'
<configuration>
  <appender name="stdout" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="stdout"/></root>
</configuration>
XML

# What it uses of Java's inside.
set --
for package in java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch java.rmi/sun.rmi.registry \
    java.rmi/sun.rmi.server java.management.rmi/com.sun.jmx.remote.internal.rmi java.sql/java.sql; do
    set -- "$@" --add-exports="$package=ALL-UNNAMED"
done
for package in java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.net java.base/java.nio \
    java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/sun.nio.ch \
    java.base/jdk.internal.loader java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.ref \
    java.base/jdk.internal.reflect java.base/jdk.internal.util jdk.management/com.sun.management.internal; do
    set -- "$@" --add-opens="$package=ALL-UNNAMED"
done
libraries=/opt/cassandra/lib
exec java "$@" -Xms"$MAX_HEAP_SIZE" -Xmx"$MAX_HEAP_SIZE" -Djava.security.manager=allow -Dcassandra.storagedir="$data" \
    -javaagent:"$(echo $libraries/jamm-*.jar)" -cp "$settings:$libraries/*" org.apache.cassandra.service.CassandraDaemon
