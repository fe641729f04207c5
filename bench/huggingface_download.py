# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""One download by huggingface_hub, for bench/pull: REPOSITORY FILE, or REPOSITORY and the number of workers for all of it."""
import sys

from huggingface_hub import hf_hub_download, snapshot_download

repository, what = sys.argv[1:]
if what.isdigit():
    snapshot_download(repository, max_workers=int(what))
else:
    hf_hub_download(repository, what)
