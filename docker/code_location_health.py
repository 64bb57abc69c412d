"""Exit code 0 while the code location serves. `dagster api grpc-health-check` asks the same for ten times the CPU."""

import sys

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

with grpc.insecure_channel("127.0.0.1:4000") as channel:
    answer = HealthStub(channel).Check(HealthCheckRequest(service="DagsterApi"), timeout=5)
sys.exit(answer.status != HealthCheckResponse.SERVING)
