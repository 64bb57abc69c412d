# In the place of python:3.11-slim: Debian with its own Python 3.11, and the authorities this machine trusts.
FROM stand-in/debian:bookworm
COPY certificates /usr/local/share/ca-certificates
RUN update-ca-certificates >/dev/null 2>&1 \
    && rm /usr/lib/python3.11/EXTERNALLY-MANAGED \
    && ln -s python3 /usr/bin/python \
    && ln -s pip3 /usr/local/bin/pip
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
CMD ["python"]
