"""The wire `account`: ticket files in the format of the bigger sister, by FTP and SFTP."""
