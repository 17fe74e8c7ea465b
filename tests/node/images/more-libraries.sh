# shellcheck shell=bash disable=SC2016,SC2154
# Part of more.sh: servers that are Java and Python libraries. What starts them, and their settings, are our own.

# Runs a program that takes Python's packages from where this machine does: python COMMAND...
python() {
    local uv
    uv=$(sed -n 's/^PIP_INDEX_URL=/UV_DEFAULT_INDEX=/p' <<<"$registries")
    echo "chroot \"\$1\" env -i PATH=/usr/local/bin:/usr/bin:/bin ${registries//$'\n'/ } $uv $*"
}

opensearch=/usr/share/opensearch
begin java-servers openjdk-21-jdk-headless,maven,curl,hostname,python3,python3-pip "$java" \
    "copy-in $here/jars.sh $here/cassandra.sh $here/neo4j.sh $here/opensearch.sh /usr/local/bin" \
    'chroot "$1" jars.sh /opt/cassandra/lib org.apache.cassandra:cassandra-all:5.0.4' \
    "$(python pip install --quiet --break-system-packages --root-user-action=ignore --no-cache-dir cqlsh)" \
    'mkdir "$1/etc/cassandra" "$1/var/lib/cassandra" && chown 999:999 "$1/etc/cassandra" "$1/var/lib/cassandra"' \
    'chroot "$1" jars.sh /var/lib/neo4j/lib org.neo4j.app:neo4j-server:5.26.0 org.neo4j:neo4j:5.26.0 org.neo4j:cypher-shell:5.26.0' \
    'mkdir "$1/var/lib/neo4j/conf" "$1/data" && chown -R 7474:7474 "$1/var/lib/neo4j" "$1/data"' \
    "chroot \"\$1\" jars.sh $opensearch/lib org.opensearch:opensearch:2.19.1 org.opensearch:opensearch-plugin-classloader:2.19.1 org.apache.logging.log4j:log4j-core:2.21.0" \
    "chroot \"\$1\" jars.sh $opensearch/modules/transport-netty4 org.opensearch.plugin:transport-netty4-client:2.19.1" \
    "mkdir \"\$1$opensearch/config\" \"\$1$opensearch/data\" \"\$1$opensearch/logs\" \"\$1$opensearch/plugins\"" \
    "copy-in $here/opensearch/opensearch.yml $here/opensearch/log4j2.properties $opensearch/config" \
    "copy-in $here/opensearch/plugin-descriptor.properties $here/opensearch/plugin-security.policy $opensearch/modules/transport-netty4" \
    "chown -R 1000:1000 \"\$1$opensearch\""
# With what there was when it was released, which it does not pin. S3 and SQS need no more than this.
begin localstack python3,python3-pip,curl \
    "$(python pip install --quiet --break-system-packages --root-user-action=ignore --no-cache-dir uv)" \
    "$(python uv pip install --quiet --system --break-system-packages --no-cache --exclude-newer 2025-05-20 \
        "'localstack-core[base-runtime]==4.4.0'" "'moto-ext[s3]==5.1.4.post1'")" \
    'chroot "$1" useradd --uid 1000 --create-home localstack; mkdir "$1/var/lib/localstack" "$1/usr/lib/localstack"'

tag cassandra:5.0 java-servers cassandra.sh
tag neo4j:5.26-community java-servers neo4j.sh
tag opensearchproject/opensearch:2.19.1 java-servers opensearch.sh
tag localstack/localstack:4.4 localstack 'env OVERRIDE_IN_DOCKER=1 python3 -m localstack.runtime.main'
