"""The full stack's description: what can be held without a Docker engine."""

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from fraud_platform.cli.main import app
from fraud_platform.project_root import PROJECT_ROOT
from fraud_platform.settings import Settings

COMPOSE_FILE = PROJECT_ROOT / "docker-compose.yml"
TEXT = COMPOSE_FILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {name for name, service in SERVICES.items() if service["restart"] == "no"}
SERVES_NOTHING = {"simulator", "rekey"}
SETTINGS = {name.upper() for name in Settings.model_fields}
SECRET = re.compile(r"PASSWORD|SECRET|ACCESS_KEY")
FOREIGN = re.compile(r"(KAFKA|MC_HOST|MINIO_ROOT|MLFLOW|AWS|GF|POSTGRES|SPARK_WORKER)_\w+")
"""Names that belong to the programs in the images, not to the platform."""

each_service = pytest.mark.parametrize("name", SERVICES)


def _platform_services() -> list[str]:
    return [name for name, service in SERVICES.items() if service["image"].startswith("fraud-platform:")]


@each_service
def test_an_image_is_pinned_to_a_release(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.match(r"v?\d+\.\d+", tag), SERVICES[name]["image"]


@pytest.mark.parametrize("path", [PROJECT_ROOT / "docker" / f for f in ("Dockerfile", "minio.Dockerfile")])
def test_a_base_image_is_pinned_to_a_release(path: Path) -> None:
    lines = [line.split()[1:] for line in path.read_text().splitlines() if line.startswith("FROM ")]
    stages = {words[2] for words in lines if words[1:2] == ["AS"]}
    bases = {words[0] for words in lines} - stages
    assert bases
    assert all(re.search(r":(RELEASE\.\d{4}-|\d+\.\d+\.\d+)", base) for base in bases)


@each_service
def test_a_container_is_an_ordinary_user_without_capabilities_or_a_way_to_gain_them(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).partition(":")[0] not in {"", "0", "root"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@each_service
def test_a_published_port_is_reached_from_this_machine_only(name: str) -> None:
    assert all(port.startswith("${PUBLISH_ADDRESS:-127.0.0.1}:") for port in SERVICES[name].get("ports", []))


@each_service
def test_a_service_is_limited_in_memory(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]|\$\{[A-Z_]+_MEMORY_LIMIT:-\d+g\}", SERVICES[name]["mem_limit"])


@each_service
def test_a_service_can_neither_fill_the_disk_with_its_log_nor_the_machine_with_processes(name: str) -> None:
    assert SERVICES[name]["logging"]["driver"] == "local"
    assert SERVICES[name]["pids_limit"] <= 4096


def test_an_image_of_our_own_is_built_by_one_service_and_never_pulled() -> None:
    ours = [service for service in SERVICES.values() if service["image"].startswith("fraud-platform")]
    built = [service["image"] for service in ours if "build" in service]
    assert sorted(built) == sorted({service["image"] for service in ours})
    assert {service["pull_policy"] for service in ours} == {"never"}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - JOBS - SERVES_NOTHING))
def test_a_service_is_health_checked_where_it_listens(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert {"test", "interval", "timeout", "retries", "start_period"} <= check.keys()
    test = check["test"] if isinstance(check["test"], str) else " ".join(check["test"])
    container_ports = {port.rpartition(":")[2] for port in SERVICES[name].get("ports", [])}
    asked = re.findall(r"127\.0\.0\.1:(\d+)", test)
    assert all(port in container_ports or port in " ".join(map(str, SERVICES[name]["command"])) for port in asked)


@each_service
def test_a_service_starts_after_healthy_services_and_finished_jobs(name: str) -> None:
    for dependency, terms in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if dependency in JOBS else "service_healthy"
        assert terms == {"condition": expected}
        assert dependency in JOBS or "healthcheck" in SERVICES[dependency]


@each_service
def test_a_service_starts_again_unless_it_is_a_job(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name in JOBS else "unless-stopped")


def test_every_volume_is_named_declared_and_used() -> None:
    mounted = {v.partition(":")[0] for service in SERVICES.values() for v in service.get("volumes", [])}
    assert {volume for volume in mounted if not volume.startswith("./")} == COMPOSE["volumes"].keys()
    assert all((PROJECT_ROOT / source).exists() for source in mounted if source.startswith("./"))


def test_the_scorers_checkpoint_lies_on_a_volume() -> None:
    scorer = SERVICES["scorer"]
    assert f"scorer-data:{scorer['environment']['DATA_DIR']}" in scorer["volumes"]


@each_service
def test_no_secret_is_written_down_or_has_a_default(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable) and value is not None:  # without a value it is what .env says
            assert re.fullmatch(r"\$\{[A-Z_]+(:\?set [A-Z_]+ in \.env, see 'make env')?\}", str(value)), variable
    assert not re.findall(r"\$\{\w*(?:PASSWORD|SECRET|ACCESS_KEY)\w*:?-", TEXT)
    assert not re.search(r"\$\{\w*(?:PASSWORD|SECRET|ACCESS_KEY)", str(SERVICES[name].get("command", "")))


def test_every_secret_used_is_asked_for_by_name() -> None:
    used = set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|ACCESS_KEY)\w*)", TEXT))
    asked = {(name, told) for name, told in re.findall(r"\$\{(\w+):\?set (\w+) in", TEXT)}
    assert asked == {(name, name) for name in used}


@each_service
def test_an_environment_name_is_a_setting_or_belongs_to_the_image(name: str) -> None:
    environment = SERVICES[name].get("environment", {}).keys()
    if name in _platform_services() and name != "mlflow":
        assert {n for n in environment if n not in SETTINGS and not re.match("SPARK_WORKER_", n)} == set()
    else:
        assert {n for n in environment if n not in SETTINGS and not FOREIGN.fullmatch(n)} == set()


def test_every_setting_reaches_the_containers() -> None:
    assert SERVICES["dagster-code"]["environment"].keys() == SETTINGS
    database = {n for n in SETTINGS if n.startswith("DB_")}
    assert SERVICES["scorer"]["environment"].keys() == SETTINGS - database


def test_the_build_context_holds_neither_secrets_nor_state() -> None:
    lines = [line for line in (PROJECT_ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source.split("/")[0] if not source.startswith("docker/") else source
        for line in (PROJECT_ROOT / "docker" / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert allowed == copied
    assert all((PROJECT_ROOT / path).exists() for path in copied)


def test_the_workspace_names_the_code_location_by_its_service_and_port() -> None:
    workspace = yaml.safe_load((PROJECT_ROOT / "docker" / "workspace.yaml").read_text())
    server = workspace["load_from"][0]["grpc_server"]
    assert str(server["port"]) in SERVICES[server["host"]]["command"]
    assert server["location_name"] in SERVICES[server["host"]]["command"]


def test_prometheus_scrapes_the_port_that_the_scorer_serves() -> None:
    configuration = yaml.safe_load((PROJECT_ROOT / "docker" / "prometheus" / "prometheus.yml").read_text())
    targets = configuration["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == [f"scorer:{SERVICES['scorer']['environment']['METRICS_PORT']}"]


def test_the_simulator_is_given_options_that_the_command_has() -> None:
    program, subcommand, *options = SERVICES["simulator"]["command"]
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert program == "fraud"
    assert set(options) <= {option for parameter in commands[subcommand].params for option in parameter.opts}


def test_the_stand_ins_of_the_trial_have_the_names_of_the_official_images() -> None:
    trial = (PROJECT_ROOT / ".ci" / "compose").read_text()
    official = {service["image"] for service in SERVICES.values() if not service["image"].startswith("fraud-platform")}
    for dockerfile in ("Dockerfile", "minio.Dockerfile"):
        official |= set(
            re.findall(r"^FROM (\S+:\S+)", (PROJECT_ROOT / "docker" / dockerfile).read_text(), re.MULTILINE)
        )
    assert {image for image in official if image not in trial} == {SERVICES["grafana"]["image"]}


def test_every_volume_is_backed_up_unless_it_is_dumped_or_holds_measurements_only() -> None:
    text = (PROJECT_ROOT / "docker" / "volumes.sh").read_text()
    backed_up = re.findall(r"^(?:VOLUMES=\")?([\w-]+) ([\w-]+) (/[\w/]+)", text, re.MULTILINE)
    for volume, service, path in backed_up:
        assert f"{volume}:{path}" in SERVICES[service]["volumes"]
    left_out = COMPOSE["volumes"].keys() - {volume for volume, _, _ in backed_up}
    assert left_out == {"postgres-data", "prometheus-data", "grafana-data"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docker").mkdir()
    shutil.copy(COMPOSE_FILE, tmp_path)
    shutil.copy(PROJECT_ROOT / ".env.example", tmp_path)
    shutil.copy(PROJECT_ROOT / "docker" / "make-env.sh", tmp_path / "docker")
    return tmp_path


def _make_env(project: Path) -> dict[str, str]:
    subprocess.run(["sh", project / "docker" / "make-env.sh"], check=True, capture_output=True, cwd="/")
    lines = (project / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_make_env_generates_a_different_value_for_each_secret(project: Path) -> None:
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    environment = _make_env(project)
    secrets = [environment[name] for name in required]
    assert all(len(secret) >= 32 for secret in secrets)
    assert len(set(secrets)) == len(required)


def test_make_env_keeps_every_line_of_the_example_and_fills_secrets_only(project: Path) -> None:
    example = (project / ".env.example").read_text().splitlines()
    _make_env(project)
    written = (project / ".env").read_text().splitlines()
    changed = [(old, new) for old, new in zip(example, written, strict=False) if old != new]
    assert all(SECRET.search(old) and new.startswith(old) for old, new in changed)


def test_make_env_leaves_a_file_that_only_its_owner_reads(project: Path) -> None:
    _make_env(project)
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600
    assert not (project / ".env.new").exists()


def test_make_env_run_again_changes_nothing(project: Path) -> None:
    first = _make_env(project)
    before = (project / ".env").read_bytes()
    assert _make_env(project) == first
    assert (project / ".env").read_bytes() == before


def test_make_env_never_overwrites_a_value_that_is_there(project: Path) -> None:
    (project / ".env").write_text("DB_PASSWORD=mine\nEPOCHS=5")
    environment = _make_env(project)
    assert environment["DB_PASSWORD"] == "mine"
    assert environment["EPOCHS"] == "5"
    assert environment["POSTGRES_PASSWORD"]
