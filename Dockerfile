# One image for every service of docker-compose.yml; each names its own command.
# What is installed is decided in one place only: config/setup.sh.
FROM debian:bookworm-slim

RUN useradd --create-home --uid 10001 intake && install -d -o intake /srv/intake /data /run/intake /var/signatures
WORKDIR /srv/intake
COPY config/setup.sh config/setup.sh
COPY requirements.lock .
RUN config/setup.sh && rm -rf /var/lib/apt/lists/*
COPY --chown=intake . .

USER intake
ENV PATH=/srv/intake/.venv/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1
ENTRYPOINT ["python", "-m"]
CMD ["gateway", "serve"]
