# shellcheck shell=bash disable=SC2016,SC2154
# Part of build.sh: the images of what is only run with DEVBOX_K8S_TEST_CATALOGUE=all. They take long to
# make: compilers, and servers that are built from their sources.

begin jvm openjdk-21-jdk-headless,maven,leiningen,curl "$java" \
    "copy-in $here/jars.sh $here/sbt.sh /usr/local/bin" \
    'mv "$1/usr/local/bin/sbt.sh" "$1/usr/local/bin/sbt"; mkdir "$1/etc/leiningen"' \
    "upload $here/leiningen.clj /etc/leiningen/profiles.clj" \
    'chroot "$1" jars.sh /usr/share/sbt org.scala-sbt:sbt-launch:1.11.2' \
    'chroot "$1" mvn --quiet --batch-mode -Dmaven.repo.local=/tmp/maven dependency:copy -Dartifact=org.keycloak:keycloak-quarkus-dist:26.2.5:tar.gz -DoutputDirectory=/tmp' \
    'mkdir "$1/opt/keycloak"; tar -xzf "$1"/tmp/keycloak-*.tar.gz -C "$1/opt/keycloak" --strip-components=1; rm -r "$1"/tmp/*' \
    'chown -R 1000:0 "$1/opt/keycloak"; chmod -R g+rwX "$1/opt/keycloak"'
begin crystal crystal,shards,libssl-dev,zlib1g-dev,libyaml-dev,libxml2-dev,libgmp-dev
begin haskell ghc,cabal-install,libghc-network-dev
begin swift swiftlang,libc6-dev,libstdc++-14-dev,git

tag clojure:temurin-21-lein jvm
tag sbtscala/scala-sbt:eclipse-temurin-21.0.7_6_1.11.2_3.7.1 jvm
tag quay.io/keycloak/keycloak:26.2 jvm /opt/keycloak/bin/kc.sh
tag crystallang/crystal:1.16 crystal
tag haskell:9.8 haskell
tag swift:6.0 swift

# shellcheck source=tests/node/images/more-libraries.sh
source "$here/more-libraries.sh"
# shellcheck source=tests/node/images/more-go.sh
source "$here/more-go.sh"
