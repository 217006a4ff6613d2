"""Every mistake of a user's: one sentence that names the thing and what to do, status 2, no traceback, nothing lost."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import CommandLine

RUN = ("run", "--budget", "smoke")
ROWS = "\n".join(f"{i / 50:.3f},{(i * i) % 7}" for i in range(60))

FILES = {
    "good.csv": f"a,b\n{ROWS}\n",
    "word.csv": "a,b\n" + ROWS.replace("0.200,2", "0.200,two") + "\n",
    "gap.csv": "a,b\n" + ROWS.replace("0.200,2", "0.200,") + "\n",
    "infinite.csv": "a,b\n" + ROWS.replace("0.200,2", "0.200,inf") + "\n",
    "short.csv": "a,b\n1,2\n3,4\n",
    "empty.csv": "",
    "header_only.csv": "a,b\n",
    "twice.csv": f"a,a\n{ROWS}\n",
    "nameless.csv": f"a,\n{ROWS}\n",
    "ragged.csv": f"a,b\n{ROWS}\n1,2,3\n",
    "data.txt": "1 2 3",
    "bad.yaml": "datasets: [sines\n",
    "list.yaml": "- 1\n- 2\n",
    "key.yaml": "datasets: [sines]\ngeneratos: [copy]\n",
    "value.yaml": "datasets: [sines]\nseeds: none\n",
    "length.yaml": "datasets: [sines]\nlengths: [1]\ngenerators: [copy]\n",
    "nodata.yaml": "generators: [copy]\n",
    "dataset.yaml": "datasets: [stoks]\ngenerators: [copy]\n",
    "generator.yaml": "datasets: [sines]\ngenerators: [timemar]\n",
    "score.yaml": "datasets: [sines]\ngenerators: [copy]\nscores: [contxt_fid]\n",
    "class.yaml": "datasets: [sines]\ngenerators: ['nowhere:Model']\n",
    "member.yaml": "datasets: [sines]\ngenerators: ['faulty:Missing']\n",
    "foreign.yaml": "datasets: [sines]\ngenerators: ['pathlib:Path']\n",
    "within.yaml": "datasets: [sines]\ngenerators: [copy]\ninclude: [within.yaml]\n",
    "wide.yaml": f"datasets: [sines]\ngenerators: [copy]\nlengths: [{', '.join(map(str, range(8, 118)))}]\n",
    "column.yaml": "file: good.csv\ncolumns: [a, c]\n",
    "sum.yaml": f"file: good.csv\nsha256: {'a' * 64}\n",
    "lost.yaml": "file: lost.csv\n",
    "gap.yaml": "file: gap.csv\n",
}

CASES = [
    (("rnu",), r"unknown command 'rnu'; did you mean 'run'\?"),
    (("run", "--sute", "quick"), r"unknown option '--sute' in 'run'; did you mean '--suite'\?"),
    (("run", "--suite", "quik"), r"unknown suite 'quik'; did you mean 'quick'\?"),
    (("run", "--suite", "none.yaml"), r"the file 'none\.yaml' does not exist"),
    (("run", "--suite", "bad.yaml"), r"the file 'bad\.yaml' is not valid YAML at line 2"),
    (("run", "--suite", "list.yaml"), r"the file 'list\.yaml' must hold a mapping of keys to values, not list"),
    (("run", "--suite", "key.yaml"), r"unknown key 'generatos' in suite 'key'; did you mean 'generators'\?"),
    (("run", "--suite", "value.yaml"), r"suite 'value': 'seeds' is 'none', but input should be a valid integer"),
    (("run", "--suite", "length.yaml"), r"'lengths' is .*, but a window has at least 2 time steps"),
    (("run", "--suite", "nodata.yaml"), r"suite 'nodata' lacks the key 'datasets'; add it"),
    (("run", "--suite", "dataset.yaml"), r"unknown data set 'stoks'; did you mean 'stocks'\?"),
    (("run", "--suite", "generator.yaml"), r"unknown generator 'timemar'; did you mean 'timemar_s'\?"),
    (("run", "--suite", "score.yaml"), r"unknown score 'contxt_fid' in suite 'score'; did you mean 'context_fid'\?"),
    (("run", "--suite", "class.yaml"), r"generator 'model': the module 'nowhere' cannot be imported"),
    (("run", "--suite", "member.yaml"), r"generator 'missing': 'faulty' has no 'Missing'"),
    (("run", "--suite", "foreign.yaml"), r"'pathlib:Path' is no subclass of benchmark\.interface\.Generator"),
    (("run", "--budget", "fsat"), r"unknown budget 'fsat'; did you mean 'fast'\?"),
    (("run", "--protocol", "papr"), r"unknown protocol 'papr'; did you mean 'paper'\?"),
    (("run", "--device", "gpu"), r"unknown device 'gpu'; did you mean 'cpu'\?"),
    (("run", "--seeds", "0"), r"--seeds is 0, but at least one training seed is needed"),
    (("run", "--workers", "0"), r"invalid value for '--workers'.*see --help"),
    (("run", "--retry", "all"), r"unknown value 'all' in --retry; choose one of: failed"),
    (("run", "--only", "generator"), r"--only 'generator' is not understood"),
    (("run", "--only", "model=copy"), r"unknown key 'model' in --only; choose one of"),
    (("run", "--only", "dataset=stok"), r"unknown dataset 'stok' in this suite; did you mean 'stocks'\?"),
    (("run", "--set", "timemar_s"), r"--set 'timemar_s' is not understood; write generator\.param=value"),
    (("run", "--set", "timemar.vocab_size=3"), r"unknown generator 'timemar' in --set; did you mean 'timemar_s'\?"),
    (("run", "--set", "timemar_s.vocab_sise=3"), r"unknown key 'vocab_sise' in generator 'timemar_s'; did you mean 'vocab_size'"),
    (("run", "--set", "timemar_s.vocab_size=many"), r"generator 'timemar_s': 'vocab_size' is 'many', but input should be"),
    (("run", "--set", "timemar_s.patch_nums=[1,2,3]"), r"patch_nums \(1, 2, 3\) must end at the latent length L = 6 "),
    (("run", "--set", "timemar_s.vocab_size=[1"), r"--set 'timemar_s\.vocab_size=\[1': the value '\[1' is not valid YAML"),
    (("run", "--data-dir", "nowhere"), r"the data folder 'nowhere' does not exist; correct --data-dir"),
    (("run", "--store", "good.csv"), r"the store 'good\.csv' is a file; choose a folder with --store"),
    (("run", "--store", "."), r"holds other files and is no store; choose another with --store"),
    ((*RUN, "--csv", "lost.csv"), r"the data file '.*lost\.csv' does not exist"),
    ((*RUN, "--csv", "data.txt"), r"'data\.txt' does not end in \.csv"),
    ((*RUN, "--csv", "word.csv"), r"word\.csv', column 'b', line 12: 'two' is not a number; correct the cell"),
    ((*RUN, "--csv", "gap.csv"), r"gap\.csv', column 'b', line 12: the cell is empty \(1 .*\); `--missing drop`"),
    ((*RUN, "--csv", "infinite.csv"), r"infinite\.csv', column 'b', line 12: 'inf' is not a finite number; correct"),
    ((*RUN, "--csv", "short.csv"), r"short\.csv' has 2 rows, but windows of 24 rows need 24; give longer series"),
    ((*RUN, "--csv", "empty.csv"), r"empty\.csv' is empty; it needs a header line and rows of numbers"),
    ((*RUN, "--csv", "header_only.csv"), r"header_only\.csv' has a header but no rows; add rows of numbers"),
    ((*RUN, "--csv", "twice.csv"), r"twice\.csv', line 1: the column name 'a' occurs twice; rename one"),
    ((*RUN, "--csv", "nameless.csv"), r"nameless\.csv', line 1: column 2 has no name; name every column"),
    ((*RUN, "--csv", "ragged.csv"), r"ragged\.csv', line 62, has 3 cells, but the header has 2; correct the line"),
    ((*RUN, "--csv", "flat.npy"), r"flat\.npy' has the shape \(10, 3\), but windows have three axes .*; reshape it"),
    ((*RUN, "--csv", "objects.npy"), r"objects\.npy' is no NumPy file of plain numbers.*write it again with np\.save"),
    (("describe", "timemar_s", "--dataset", "column.yaml"), r"unknown column 'c' in '.*good\.csv'; choose one of: a, b"),
    (("describe", "timemar_s", "--dataset", "sum.yaml"), r"has the SHA-256 [0-9a-f]{64}, but the data set 'sum' has a{64}"),
    (("describe", "timemar_s", "--dataset", "lost.yaml"), r"lost\.csv' does not exist"),
    (("describe", "copy", "--dataset", "gap.yaml"), r"a command has no --missing, the key `missing` of the data set's YAML"),
    (("describe", "timemarr_s"), r"unknown generator 'timemarr_s'; did you mean 'timemar_s'\?"),
    (("describe", "timemar_s", "--length", "25"), r"cannot halve windows of T = 25 steps 2 times; choose a length"),
    (("describe", "timemar_s", "--length", "5000"), r"'stocks' has no two windows of length 5000; use a shorter length"),
    (("describe", "timemar_s", "--length", "1"), r"invalid value for '--length'.*see --help"),
    (("describe", "copy", "--length", "-5"), r"invalid value for '--length'.*see --help"),
    (("describe", "timemar_s", "--set", "timemar_s.vocab_size=99999999999"),
     r"'timemar_s' for windows of T = 24 and D = 6 has 28,800,000,644,500 parameters, which take 460,800 GB to train; make"),
    (("describe", "timevae", "--set", "timevae.filters=[9999999999999999]"), r"'timevae' .* parameters, which take .* GB"),
    (("describe", "timemar_s", "--set", f"timemar_s.vocab_size=1{'0' * 30}"), r"D = 6 cannot be built \(.*\); correct its"),
    (("describe", "timegan", "--set", "timegan.hidden=10000000000"), r"D = 6 cannot be built \(.*overflow.*\); correct"),
    (("describe", "timemar_s", "--set", "timemar_s.layers=100000000"), r"'layers' is 100000000, but .* or equal to 1000"),
    (("describe", "sdformer", "--set", "sdformer.down_t=10000000"), r"'down_t' is 10000000, but .* less than or equal to 30"),
    (("run", "--suite", "within.yaml"), r"suite 'within' includes itself \(within\.yaml > within\.yaml\); correct 'include'"),
    (("run", "--seeds", "100000"), r"--seeds is 100000, but a run has at most 1000 training seeds; use fewer"),
    (("run", "--suite", "wide.yaml", "--seeds", "1000"), r"suite 'wide' has more than 100,000 cells with 1000 training seeds"),
    (("ablate", "--drop", "frequency", "--seeds", "100000"), r"the ablation: 'seeds' is 100000, but .* or equal to 1000"),
    (("sweep", "--generator", "copy", "--param", "x=1,2", "--seeds", "100000"), r"the sweep: 'seeds' is 100000, but .* 1000"),
    (("sweep", "--generator", "copy", "--param", "x=1,2", "--trials", "10000000"), r"'trials' is 10000000, but .* 100000\."),
    (("sweep", "--generator", "copy", "--param", "x=1,2", "--trials", "0"), r"'trials' is 0, but .* greater than or equal to 1"),
    (("run", "--tracking", "http://127.0.0.1:999999"), r"no tracking URI; check its host and port"),
    (("check", "copy", "--set", "width=1"), r"unknown key 'width' in generator 'copy'; there is none to choose"),
    (("list", "models"), r"unknown kind 'models'; choose one of"),
    (("tables", "--format", "csv", "--digits", "2", "--no-controls"), r"--format csv takes no --no-controls and --digits; leave"),
    (("tables", "--format", "latx"), r"unknown format 'latx' in --format; did you mean 'latex'\?"),
    (("tables", "--output", "no/where.tex"), r"the folder 'no' of --output does not exist"),
    (("tables", "--output", "folder"), r"--output 'folder' cannot be written \(Is a directory\); name a file in it"),
    (("list", "--json", "no/where.json"), r"--json 'no/where\.json' cannot be written: the folder 'no' of --json does not exist"),
    (("list", "--json", "folder"), r"--json 'folder' cannot be written \(Is a directory\); name a file in it"),
    (("score", "--real", "lost.npy", "--fake", "lost.npy", "--json", "folder"), r"--json 'folder' cannot be written"),
    (("list", "--json", "a" * 300), r"cannot be used \(File name too long\); check it"),
    (("run", "--store", "good.csv/runs", "--only", "generator=copy"), r"good\.csv/runs' cannot be used \(Not a directory\)"),
    (("data", "show", "stoks"), r"unknown data set 'stoks'; did you mean 'stocks'\?"),
    (("data", "fetch", "sines"), r"the data set 'sines' is generated; there is nothing to fetch"),
    (("data", "check", "enrgy"), r"unknown data set 'enrgy'; did you mean 'energy'\?"),
]  # fmt: skip


@pytest.fixture
def mistakes(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    np.save(tmp_path / "flat.npy", np.zeros((10, 3), dtype=np.float32))
    np.save(tmp_path / "objects.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    return tmp_path


@pytest.mark.parametrize(("arguments", "sentence"), CASES, ids=[" ".join(arguments) for arguments, _ in CASES])
def test_mistake(mistakes: Path, command: CommandLine, arguments: tuple[str, ...], sentence: str) -> None:
    # Every mistake is echoed, so a pattern that fits what was typed would fit any sentence.
    assert not re.search(sentence, " ".join(arguments))
    before = sorted(mistakes.rglob("*"))
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert re.search(sentence, line), line
    assert sorted(mistakes.rglob("*")) == before
