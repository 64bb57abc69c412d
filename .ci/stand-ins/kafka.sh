#!/bin/bash
# apache/kafka's start: KAFKA_SOME_NAME becomes some.name, the storage is formatted once.
set -euo pipefail
cd /tmp
env | sed -n 's/^KAFKA_\([A-Z_]*\)=/\1 /p' | grep -v '^HEAP_OPTS ' | while read -r name value; do
    echo "$(tr 'A-Z_' 'a-z.' <<<"$name")=$value"
done >server.properties
cat >log4j2.yaml <<'YAML'
Configuration:
  Appenders:
    Console: {name: stdout, PatternLayout: {pattern: "%d{ISO8601} %-5p %c{1} %m%n"}}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: stdout}}
YAML
java=(java ${KAFKA_HEAP_OPTS:-} -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=/tmp/log4j2.yaml -cp '/opt/kafka/*')
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted --cluster-id 5L6g3nShT-eMCtK--X86sw --config server.properties
exec "${java[@]}" kafka.Kafka server.properties
