"""The one Piccolo app: its tables and the folder of its migrations."""

from piccolo.conf.apps import AppConfig

from db.migrate import MIGRATIONS
from db.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="kabinet",
    migrations_folder_path=str(MIGRATIONS),
    table_classes=list(TABLES),
)
