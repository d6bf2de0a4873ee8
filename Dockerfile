# The service with the model `en`: docs/start/service.md. No PyTorch, no spaCy, no compiler.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TAGGER_CACHE=/tmp/tagger
RUN --mount=type=bind,source=requirements-predict.txt,target=/requirements-predict.txt \
    --mount=type=bind,source=requirements-serve.txt,target=/requirements-serve.txt \
    --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir -r /requirements-predict.txt -r /requirements-serve.txt \
    && pip install --no-cache-dir --no-deps /wheels/*.whl \
    && useradd --system --uid 10001 --no-create-home tagger
USER 10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["tagger", "serve"]
CMD ["--host", "0.0.0.0"]
