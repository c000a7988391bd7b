"""The account wire: account files of the exchange, fetched by SFTP or FTP."""
