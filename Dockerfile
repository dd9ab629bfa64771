# The image of both processes: `identity-graph serve` and `identity-graph consume`.
ARG BASE=python:3.12-slim
FROM ${BASE}
# What not everybody needs, separated by spaces: `aws` for Kafka by IAM, `parquet`, `xlsx`.
ARG EXTRAS=""

WORKDIR /opt/identity-graph
COPY pyproject.toml requirements.lock README.md LICENSE ./
# The versions of the lock file, but only of what runs: the lock names the tools for tests too.
RUN sed -e '/^ *--hash/d' -e 's/ \\$//' requirements.lock > /tmp/constraints.txt \
 && python -c "import sys, tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*project['dependencies'], *(each for extra in sys.argv[1:] for each in project['optional-dependencies'][extra]), sep='\n')" ${EXTRAS} > /tmp/runtime.txt \
 && python -m pip install --no-cache-dir --disable-pip-version-check --constraint /tmp/constraints.txt --requirement /tmp/runtime.txt

COPY graph_model graph_model
COPY services services
COPY consumers consumers
COPY api api
COPY cli cli
COPY stack stack
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps .

RUN useradd --system --create-home identity-graph
USER identity-graph
WORKDIR /home/identity-graph
ENTRYPOINT ["identity-graph"]
CMD ["serve"]
