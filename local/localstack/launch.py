"""LocalStack community 4.14.0 as a plain process: its own code, with Lambda environments as child processes of Node
and dynoxide as the database. local/cloud/localstack.ts starts it.

Its standard input is its lifeline: when that closes, or at SIGTERM or SIGINT, it kills its children and ends. Nothing
is saved, the community edition keeps no state over a restart."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import ahead
import cloudformation
import event_sources
import function_urls
import gateway
import items
import made_once
import older_python
import prepared
import scheduled_rules
import settings
from watchdog import Watchdog

#: How long a thread computes before it lets another one that waits have its turn. With Python's own 5 ms the one thread
#: that reads and writes all sockets waits so long for each of its turns, as soon as anything computes.
SWITCH_SECONDS = 0.0005
#: Exit code when the port is taken: EX_UNAVAILABLE of sysexits.h.
EXIT_PORT_TAKEN = 69
#: Exit code when dynoxide ended: EX_SOFTWARE.
EXIT_DATABASE_LOST = 70


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--node", required=True, help="the Node that runs functions")
    parser.add_argument("--dynoxide", required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder of this process alone")
    parser.add_argument("--prepared", type=Path, required=True, help="folder that prepared.py filled")
    parser.add_argument("--function-logs", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        server = gateway.listen(options.port)
    except OSError as error:
        print(f"expected port {options.port} to be free: {error}", flush=True)
        sys.exit(EXIT_PORT_TAKEN)
    watchdog = Watchdog()
    end = ending(watchdog)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end(0))
    threading.Thread(target=end_with_parent, args=(end,), daemon=True).start()
    settings.apply(options.port, options.state)
    older_python.fill_in()
    made_once.use()
    database = use_dynoxide(options, watchdog, end)
    use_node(options, watchdog)
    use_own_folders(options.state)
    function_urls.use()
    writes = event_sources.Writes()
    event_sources.use(writes, lambda: database.port)
    scheduled_rules.use()
    cloudformation.use()
    prepared.use(options.prepared)
    run(server, lambda resource: items.first(resource, lambda: database.port, writes))


def end_with_parent(end) -> None:
    """Not through `sys.stdin`, whose lock would abort Python's own shutdown."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    end(0)


def ending(watchdog: Watchdog):
    """Ends this process and its children at once: there is nothing to save, and LocalStack's own shutdown may hang."""

    def end(code: int) -> None:
        watchdog.kill_all()
        os._exit(code)

    return end


def use_dynoxide(options: argparse.Namespace, watchdog: Watchdog, end):
    import dynoxide

    def on_exit(code: int) -> None:
        print(f"dynoxide, the database, ended with {code}; its data is lost, so the cloud ends too", flush=True)
        end(EXIT_DATABASE_LOST)

    database = dynoxide.Dynoxide(options.dynoxide, watchdog, on_exit)
    dynoxide.use(database)
    return database


def use_node(options: argparse.Namespace, watchdog: Watchdog) -> None:
    """LocalStack takes `get_runtime_executor` by name when it imports the rest: patch it before that."""
    from localstack.services.lambda_.invocation import runtime_executor

    from executor import Machinery, ProcessExecutor
    from function_log import FunctionLogs
    from node_process import Command

    runtime_executor.get_runtime_executor = lambda: ProcessExecutor

    import environments
    import gathered

    gathered.use()
    pool = environments.Environments(int(os.environ.get("BACKLOT_LAMBDA_ENVIRONMENTS") or environments.default_limit()))
    environments.use(pool)
    ProcessExecutor.machinery = Machinery(
        command=Command(options.node, Path(__file__).with_name("runtime.mjs"), ("--enable-source-maps",)),
        watchdog=watchdog,
        logs=FunctionLogs(options.function_logs),
        temporary=options.state / "environments",
        search_path=f"{Path(options.node).parent}:/usr/local/bin:/usr/bin:/bin",
        on_idle=pool.notify,
    )


def use_own_folders(state: Path) -> None:
    """S3 keeps its objects in /tmp/localstack-s3-storage, whatever the settings: two clouds would share it."""
    import wrapt

    def move(provider) -> None:
        provider.DEFAULT_S3_TMP_DIR = str(state / "s3")

    wrapt.register_post_import_hook(move, "localstack.services.s3.provider")


def run(server, decorate) -> None:
    """LocalStack's own main without its signal handlers."""
    from localstack.logging.setup import setup_logging_from_config
    from localstack.runtime import current

    setup_logging_from_config()
    runtime = current.initialize_runtime()
    gateway.serve_on(server, decorate)
    threading.Thread(target=ahead.load, args=(runtime.ready,), daemon=True).start()
    runtime.run()
    sys.exit(runtime.exit_code)


if __name__ == "__main__":
    main()
