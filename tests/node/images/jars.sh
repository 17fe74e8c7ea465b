#!/bin/sh
# Puts Java libraries and all that they need into a folder: jars.sh FOLDER GROUP:ARTIFACT:VERSION...
set -eu

folder=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>images</groupId><artifactId>jars</artifactId><version>1</version><dependencies>'
    for coordinates in "$@"; do
        echo "$coordinates" | sed -E 's|^([^:]+):([^:]+):([^:]+)$|<dependency><groupId>\1</groupId><artifactId>\2</artifactId><version>\3</version></dependency>|'
    done
    echo '</dependencies></project>'
} >"$work/pom.xml"
mvn --quiet --batch-mode --file "$work/pom.xml" -Dmaven.repo.local="$work/repository" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$folder"
