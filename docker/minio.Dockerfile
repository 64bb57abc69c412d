# MinIO as an ordinary user. The image's own /data is root's, and a named volume takes its
# first owner from the folder it is mounted on.
#
# This is the last release that MinIO published an image of; its Docker Hub account is gone.
FROM quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z
RUN mkdir -p /var/lib/minio && chown 1000:1000 /var/lib/minio
USER 1000:1000
