# The image of Redress's own processes: worker, command line, namespace set-up. No server, no tests.
FROM python:3.12.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    REDRESS_STATE=/var/lib/redress

# A fixed number, so that what lies on a volume belongs to the same user after the next build.
RUN groupadd --gid 10001 redress \
    && useradd --uid 10001 --gid redress --no-create-home --shell /usr/sbin/nologin redress \
    && install -d -o redress -g redress -m 0700 /var/lib/redress /var/lib/redress-api /var/lib/redress-documents /var/lib/redress-keys

WORKDIR /app

# Before the code, so that a change of code does not fetch everything again.
COPY requirements-runtime.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
    -r requirements-runtime.lock

# What belongs in the image is listed in .dockerignore.
COPY . .

USER 10001:10001
CMD ["python", "worker.py"]
