"""What LocalStack would compute at every start in an empty folder, computed once at set-up and kept beside the
packages: the index of all AWS services (5 s) and the certificate of its HTTPS side (a quarter of a second).

Run as a script by the set-up: prepared.py FOLDER."""

import shutil
import sys
from pathlib import Path

CERTIFICATE = "server.test.pem"


def prepare(folder: Path) -> None:
    """Fills the folder. LocalStack must not have been imported before."""
    import tempfile

    import older_python
    import settings

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        settings.apply(4566, Path(state))
        older_python.fill_in()
        from localstack.aws import spec
        from localstack.utils.crypto import generate_ssl_cert

        spec.build_service_index_cache(str(folder / spec._get_catalog_filename()))
        generate_ssl_cert(str(folder / CERTIFICATE), overwrite=True)


def use(folder: Path) -> None:
    """Before the runtime starts. The certificate is copied, because LocalStack writes beside it at each start."""
    from localstack import config

    config.dirs.static_libs = str(folder)
    cache = Path(config.dirs.cache)
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / CERTIFICATE, cache)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
