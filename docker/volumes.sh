# What backup.sh and restore.sh copy: volume, a service that mounts it, and where. PostgreSQL's is
# dumped instead; Prometheus's and Grafana's hold nothing that the platform needs.
export COMPOSE_PROFILES='*'
VOLUMES="kafka-data kafka /var/lib/kafka/data
minio-data minio /var/lib/minio
scorer-data scorer /app/data
dagster-data dagster-code /app/data
dagster-storage dagster-code /app/dagster_home/storage"
