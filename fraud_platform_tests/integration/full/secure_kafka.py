"""A Kafka broker as a cloud has it: SASL_SSL with SCRAM and PLAIN, a certificate of its own authority, and ACLs."""

import base64
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from fraud_platform.local.broker import JVM_OPTIONS
from fraud_platform.local.java import find_java
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings
from fraud_platform.storage.jars import kafka_classpath
from fraud_platform.storage.kafka import client_config
from fraud_platform_tests.integration.full.server import Server, program, running
from fraud_platform_tests.support.ports import free_ports

PASSWORDS = {"admin": "of-admin", "fraud": "of-fraud", "stranger": "of-stranger"}
"""`admin` may do everything, `fraud` what docs/operations.md lists, `stranger` nothing."""

REAUTHENTICATION_MS = 5000
"""How long a login holds. Clouds set hours; without it a login holds as long as its connection."""


@dataclass(frozen=True)
class SecureKafka:
    port: int
    authority: Path
    """The certificate that clients have to trust."""

    def settings(self, user: str = "fraud", mechanism: str = "SCRAM-SHA-512") -> dict[str, object]:
        """Settings under which a client logs in as the user."""
        return {
            "kafka_broker": f"127.0.0.1:{self.port}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": mechanism,
            "kafka_username": user,
            "kafka_password": PASSWORDS[user],
            "kafka_ca_file": self.authority,
        }

    def login(self, user: str, mechanism: str = "SCRAM-SHA-512") -> dict[str, object]:
        """Validated values of these settings, to copy other settings with."""
        made = Settings(_env_file=None, **self.settings(user, mechanism))
        return {name: getattr(made, name) for name in self.settings()}

    def admin(self) -> AdminClient:
        return AdminClient(client_config(Settings(_env_file=None, **self.settings("admin"))))

    def change_password(self, user: str, password: str) -> None:
        """From the next login on; who is logged in has to do it again within REAUTHENTICATION_MS."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        changes = [UserScramCredentialUpsertion(user, info, password.encode())]
        admin = self.admin()
        for future in admin.alter_user_scram_credentials(changes).values():
            future.result()

    def grant(self, settings: Settings) -> None:
        """Give `fraud` the rights that the platform needs, and no other."""
        topics = {name: ("READ", "WRITE", "DESCRIBE") for name in settings.topics}
        rights = [(ResourceType.TOPIC, name, operation) for name, all_of in topics.items() for operation in all_of]
        rights += [(ResourceType.GROUP, settings.kafka_group_id, "READ")]
        rights += [(ResourceType.TRANSACTIONAL_ID, settings.kafka_group_id, name) for name in ("WRITE", "DESCRIBE")]
        admin = self.admin()  # its requests end with it
        for future in admin.create_acls([_allow(*right) for right in rights]).values():
            future.result()


def _allow(resource: ResourceType, prefix: str, operation: str) -> AclBinding:
    pattern = ResourcePatternType.LITERAL if resource is ResourceType.TOPIC else ResourcePatternType.PREFIXED
    return AclBinding(resource, prefix, pattern, "User:fraud", "*", AclOperation[operation], AclPermissionType.ALLOW)


@contextmanager
def secure_kafka(folder: Path) -> Iterator[SecureKafka]:
    """A broker in the folder, on a free port."""
    folder.mkdir()
    _make_certificates(folder)
    secure, internal, controller = free_ports(3)
    properties = folder / "server.properties"
    properties.write_text(_properties(folder, secure, internal, controller))
    jars = Settings(_env_file=None, jars_dir=PROJECT_ROOT / ".jars")
    java = [find_java()[0], *JVM_OPTIONS, "-cp", kafka_classpath(jars)]
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    scram = [f"--add-scram=SCRAM-SHA-512=[name={name},password={_quoted(word)}]" for name, word in PASSWORDS.items()]
    command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", f"--config={properties}", *scram]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    made = SecureKafka(secure, folder / "ca.pem")

    def answers() -> bool:
        try:
            made.admin().list_topics(timeout=3)
        except KafkaException:
            return False
        return True

    with running(Server([*java, "kafka.Kafka", str(properties)], answers, folder / "log")):
        yield made


def _make_certificates(folder: Path) -> None:
    """An authority (ca.pem) and the broker's key and certificate for 127.0.0.1 (broker.pem)."""
    openssl = program("openssl", "openssl")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "rsa:2048", "-noenc")
    run("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2")
    run("req", *new_key, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "san", "-days", "2")
    run("x509", "-req", "-in", "broker.csr", "-out", "broker.crt", *signed)
    (folder / "broker.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())


def _properties(folder: Path, secure: int, internal: int, controller: int) -> str:
    users = " ".join(f"user_{name}={_quoted(word)}" for name, word in PASSWORDS.items())
    plain, scram = (
        "org.apache.kafka.common.security.plain.PlainLoginModule",
        ("org.apache.kafka.common.security.scram.ScramLoginModule"),
    )
    return "\n".join(
        [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@127.0.0.1:{controller}",
            f"listeners=SASL_SSL://127.0.0.1:{secure},INTERNAL://127.0.0.1:{internal},"
            f"CONTROLLER://127.0.0.1:{controller}",
            "listener.security.protocol.map=SASL_SSL:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=INTERNAL",
            "controller.listener.names=CONTROLLER",
            "sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN",
            f"connections.max.reauth.ms={REAUTHENTICATION_MS}",
            f"listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram} required;",
            f"listener.name.sasl_ssl.plain.sasl.jaas.config={plain} required {users};".replace("\\", "\\\\"),
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={folder / 'broker.pem'}",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:admin;User:ANONYMOUS",  # ANONYMOUS is the broker itself, on its other listeners
            f"log.dirs={folder / 'data'}",
            "auto.create.topics.enable=false",
            "offsets.topic.replication.factor=1",
            "offsets.topic.num.partitions=4",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "transaction.state.log.num.partitions=4",
            "group.initial.rebalance.delay.ms=0",
            f"log.message.timestamp.before.max.ms={2**63 - 1}",
        ]
    )


def _quoted(word: str) -> str:
    escaped = word.replace('"', '\\"')
    return f'"{escaped}"'
