"""The table `[exchange.account]`: what is needed for which transfer, and what errors say."""

from pathlib import Path

import pytest
from oxo_collector.account.settings import AccountFiles
from oxo_collector.account.source import make
from oxo_collector.configuration import ConfigurationRefused, load
from oxo_collector.receipt import Source, Wire

KEY = "SHA256:" + "a" * 43
TABLE = '[exchange.account]\naddress = "10.0.0.1"\npassword_file = "secret"\n'


def text(more: str = "", table: str = TABLE) -> str:
    return f'store = "t.db"\n[[exchange]]\nname = "site"\nzone = "UTC"\n{table}{more}'


def account(folder: Path, written: str) -> AccountFiles:
    path = folder / "collector.toml"
    path.write_text(written, "utf-8")
    found = load(path).exchange[0].account
    assert found is not None
    return found


def test_what_is_taken_where_nothing_is_said(tmp_path: Path) -> None:
    sftp = account(tmp_path, text(f'host_key = "{KEY}"\n'))
    assert (sftp.transfer, sftp.transfer_port, sftp.user) == ("sftp", 22, "adfexc")
    assert (sftp.folder, sftp.index, sftp.start) == ("/usr4/account", "ACCOUNT.LIS", "oldest")
    assert not sftp.compress_first
    ftp = account(tmp_path, text('transfer = "ftp"\n'))
    assert ftp.transfer_port == 21
    assert account(tmp_path, text('transfer = "ftp"\nport = 2121\n')).transfer_port == 2121
    file = account(tmp_path, text('host_key_file = "known_hosts"\n')).host_key_file
    assert file == tmp_path / "known_hosts"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "nothing to check the exchange by; give host_key or host_key_file"),
        ('host_key = "aa:bb"\n', "account.host_key: allowed is SHA256: and 43 characters"),
        (f'transfer = "ftp"\nhost_key = "{KEY}"\n', 'of use with transfer = "sftp" only'),
        ('transfer = "ftp"\ncompress_first = true\n', "compress_first is of use with transfer"),
        ('transfer = "ftp"\ntls = "explicit"\n', "give ca_file, fingerprint, or both"),
        ('transfer = "ftp"\nca_file = "x"\n', 'of use with tls = "explicit" only'),
        (f'host_key = "{KEY}"\ntls = "explicit"\nca_file = "x"\n', 'with transfer = "ftp" only'),
        (f'host_key = "{KEY}"\nstart = "later"\n', "account.start"),
        (
            f'host_key = "{KEY}"\nfolder = "usr4"\n',
            "account.folder: allowed is a path from the root",
        ),
        (f'host_key = "{KEY}"\nindex = "a/b"\n', "account.index: allowed is the name of a file"),
        (f'host_key = "{KEY}"\npassword = "x"\n', "password"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        account(tmp_path, text(more))
    assert told in str(refused.value)
    assert "exchange[1].account" in str(refused.value)


def test_the_password_is_read_at_the_start_and_told_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    for more in (f'host_key = "{KEY}"\n', 'transfer = "ftp"\n'):
        path.write_text(text(more))
        exchange = load(path).exchange[0]
        (tmp_path / "secret").unlink(missing_ok=True)
        with pytest.raises(ConfigurationRefused, match=r"exchange\[1\]\.account\.password_file"):
            make(exchange, "exchange[1].account")
        (tmp_path / "secret").write_text("Sesam-1234\n")
        conversation = make(exchange, "exchange[1].account")
        assert conversation.source == Source("site", Wire.ACCOUNT)
        assert conversation.secrets.scrubbed("530 Sesam-1234") == "530 [secret]"
        assert "Sesam" not in repr(vars(conversation))
