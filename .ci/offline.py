"""Run in the platform's image without a network: Spark starts on the jars in it, Delta, Kafka and S3 included."""

from pyspark.sql import SparkSession

from fraud_platform.settings import load_settings
from fraud_platform.storage.spark import spark_config

keys = {"minio_access_key": "none", "minio_secret_key": "none"}
builder = SparkSession.builder
for name, value in spark_config(load_settings(minio_host="localhost:9", **keys)).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.range(10).write.format("delta").save("data/table")
assert spark.read.format("delta").load("data/table").count() == 10
for name in (
    "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "software.amazon.awssdk.services.s3.S3Client",
):
    spark._jvm.java.lang.Class.forName(name, False, spark._jvm.Thread.currentThread().getContextClassLoader())
print(f"Spark {spark.version} runs, with Delta, Kafka's source and S3")
