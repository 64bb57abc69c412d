#!/bin/bash
# `minio server FOLDER --console-address :9001`, as S3Proxy over the folder; without a console.
set -euo pipefail
cat >/tmp/s3proxy.properties <<PROPERTIES
s3proxy.endpoint=http://0.0.0.0:9000
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=$MINIO_ROOT_USER
s3proxy.credential=$MINIO_ROOT_PASSWORD
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir=$2
PROPERTIES
exec java -Xmx384m -XX:TieredStopAtLevel=1 -DLOG_LEVEL=warn -Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener -jar /opt/s3proxy/*.jar --properties /tmp/s3proxy.properties
