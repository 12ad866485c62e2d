"""A Spark cluster of its own for these tests: one master and two workers, each a process, on this computer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import SparkSession

HOME = Path(pyspark.__file__).parent
DRIVER_ZONE, SESSION_ZONE, WORKER_ZONE = "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"
"""Three clocks, none of them the data's or the campaign's; two jump, one by half an hour."""
SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    # Less than a fifth of the sample's events: copying them to this process would fail.
    "spark.driver.maxResultSize": "4m",
    "spark.executor.memory": "768m",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.session.timeZone": SESSION_ZONE,
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a running cluster of two workers with one core each."""
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as running:
        master = ["Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        log = running.enter_context(_daemon(master, folder / "master"))
        address = _wait_for(r"Starting Spark master at (spark://\S+)", log)
        for n in (1, 2):
            size = ["--cores", "1", "--memory", "1g", "--work-dir", str(folder / f"work{n}")]
            worker = ["Worker", "--host", "127.0.0.1", "--webui-port", "0", *size, address]
            _wait_for("Successfully registered", running.enter_context(_daemon(worker, folder / f"worker{n}")))
        yield address


@contextmanager
def _daemon(arguments: list[str], folder: Path) -> Iterator[Path]:
    """Run one of Spark's daemons in a folder of its own, where this project is not; return its log."""
    folder.mkdir()
    kept = {name: text for name, text in os.environ.items() if name not in ("PYTHONPATH", "TZ")}
    own = {"SPARK_HOME": str(HOME), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "TZ": WORKER_ZONE}
    name = f"org.apache.spark.deploy.{arguments[0].lower()}.{arguments[0]}"
    command = [str(HOME / "bin" / "spark-class"), name, *arguments[1:]]
    with (folder / "log").open("w") as log:
        started = subprocess.Popen(command, cwd=folder, env=kept | own, stdout=log, stderr=log, start_new_session=True)
    try:
        yield folder / "log"
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)


def _wait_for(pattern: str, log: Path) -> str:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text()):
            return found[found.lastindex or 0]
        time.sleep(0.2)
    raise TimeoutError(f"{pattern!r} not in {log}:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def spark(cluster: str) -> Iterator[Any]:
    """Return a session on the cluster; this process lives in a zone of its own meanwhile."""
    with pytest.MonkeyPatch.context() as here:
        here.setenv("TZ", DRIVER_ZONE)
        here.setenv("PYSPARK_PYTHON", sys.executable)
        here.setenv("SPARK_HOME", str(HOME))
        time.tzset()
        builder = SparkSession.builder.master(cluster).appName("sluice-tests")
        session = builder.config(map=SETTINGS).getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()
    time.tzset()
