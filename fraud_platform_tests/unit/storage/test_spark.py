"""Configuration of Spark sessions."""

from fraud_platform.storage.spark import spark_config


def test_executors_of_a_cluster_follow_the_declaration_of_the_driver(make_settings):
    on_cluster = make_settings(spark_master="spark://host:7077", declaration="sparkov", jars_dir=".jars")
    assert spark_config(on_cluster)["spark.executorEnv.DECLARATION"] == "sparkov"


def test_a_local_session_hands_its_environment_on_by_itself(make_settings):
    local = make_settings(declaration="sparkov", jars_dir=".jars")
    assert "spark.executorEnv.DECLARATION" not in spark_config(local)
