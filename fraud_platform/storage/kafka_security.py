"""How clients prove to Kafka who they are: one block of settings, as librdkafka and as Java want it."""

from fraud_platform.settings import Settings

_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def librdkafka_security(settings: Settings) -> dict[str, str]:
    """Options of confluent-kafka's clients."""
    options: dict[str, str] = {"security.protocol": settings.kafka_security_protocol}
    if settings.kafka_ca_file:
        options["ssl.ca.location"] = str(settings.kafka_ca_file)
    if login := _login(settings):
        username, password = login
        options["sasl.mechanism"] = settings.kafka_sasl_mechanism
        options |= {"sasl.username": username, "sasl.password": password}
    return options


def java_security(settings: Settings) -> dict[str, str]:
    """Options of Kafka's Java clients. The certificate travels in them, so executors need no file."""
    options: dict[str, str] = {"security.protocol": settings.kafka_security_protocol}
    if settings.kafka_ca_file:
        options |= {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": settings.kafka_ca_file.read_text()}
    if login := _login(settings):
        username, password = map(_quoted, login)
        module = _LOGIN_MODULES[settings.kafka_sasl_mechanism]
        options["sasl.mechanism"] = settings.kafka_sasl_mechanism
        options["sasl.jaas.config"] = f"{module} required username={username} password={password};"
    return options


def _login(settings: Settings) -> tuple[str, str] | None:
    if settings.kafka_username is None or settings.kafka_password is None:
        return None
    return settings.kafka_username, settings.kafka_password.get_secret_value()


def _quoted(text: str) -> str:
    """A value of a JAAS configuration."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
