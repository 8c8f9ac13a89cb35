# Auditor as an image: docker build --build-arg BASE=python:3.13-slim@sha256:... --tag auditor .
#
# All Python packages are pinned by hash (requirements.lock). The base is named by tag here and by digest where an image
# is released, so that this file builds from any copy of the base.
ARG BASE=python:3.13-slim

# 1. The virtual environment. What builds and installs stays behind in this stage.
FROM ${BASE} AS packages
SHELL ["/bin/sh", "-euxc"]
# Debian keeps no old versions, so one that is named here could not be installed for long.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/* && \
    python3 -m venv --without-pip /opt/auditor
WORKDIR /build
COPY requirements.lock ./
RUN python3 -m pip --python /opt/auditor/bin/python install --disable-pip-version-check --no-cache-dir --no-compile \
      --only-binary :all: --require-hashes --requirement requirements.lock
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY auditor auditor
COPY templates templates
COPY config config
COPY docs/rules docs/rules
COPY deploy/container deploy/container
RUN python3 -m pip --python /opt/auditor/bin/python install --disable-pip-version-check --no-cache-dir --no-compile \
      --no-deps --no-build-isolation . && \
    python3 -m pip --python /opt/auditor/bin/python uninstall --yes hatchling trove-classifiers pathspec pluggy && \
    /opt/auditor/bin/python deploy/container/trim.py /opt/auditor/lib/python3.*/site-packages

# 2. The file system as it will be: Pango and a font for the PDF, nobody's account, and no package manager.
FROM ${BASE} AS root
SHELL ["/bin/sh", "-euxc"]
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends libpangoft2-1.0-0 fonts-dejavu-core && \
    groupadd --gid 10001 auditor && \
    useradd --no-log-init --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin auditor && \
    install --directory --owner 10001 --group 10001 --mode 0700 /data && \
    python3 -c "import ensurepip, pathlib, pip, shutil; \
      [shutil.rmtree(pathlib.Path(one.__file__).parent) for one in (ensurepip, pip)]" && \
    find /usr/share/doc -mindepth 2 ! -name copyright ! -type d -delete && \
    rm -rf /usr/local/bin/pip* /usr/bin/pip* /usr/share/man /usr/share/info /usr/share/locale /usr/share/python-wheels \
      /usr/lib/*/gconv /var/lib/apt /var/cache /var/log && \
    install --directory /var/cache /var/log && \
    dpkg --purge --force-all apt apt-utils sqv libapt-pkg6.0t64 libapt-pkg7.0 libdb5.3t64 perl-base
COPY --from=packages /opt/auditor /opt/auditor
# A page of PDF and the compiled part show that all is there, and leave bytecode of what a run imports and the list of fonts.
RUN /opt/auditor/bin/python -c "import aiobotocore.session, apprise, duckdb, obstore, weasyprint; \
      import auditor.cli, auditor.dispatch, auditor.pipeline, auditor.report.html, auditor.report.pdf; \
      from auditor.attribution.summing import library; assert library(); \
      assert weasyprint.HTML(string='<p>Auditor</p>').write_pdf().startswith(b'%PDF')" && \
    rm -rf /tmp/* ~/.cache

# 3. One layer of that, so that what was deleted is not in the image; that is why a whole file system is copied.
FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Auditor" \
      org.opencontainers.image.description="Which bytes NAT gateways carry that an endpoint could carry, what to change, and what it saves." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="python:3.13-slim"
# hadolint ignore=DL3067
COPY --from=root / /
COPY --from=root --chown=10001:10001 /data /data
COPY deploy/container/health.py /opt/auditor/health.py
ENV PATH=/opt/auditor/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
VOLUME /data
USER 10001:10001
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["python", "/opt/auditor/health.py"]
ENTRYPOINT ["auditor"]
CMD ["--help"]
