#!/bin/sh
# /usr/local/bin/kabinet: every command as the services run it, with their user and their settings, from any folder.
# Files are named by their full path, and must be readable for the user kabinet.
cd /var/lib/kabinet || exit 1
[ "$(id -un)" = kabinet ] && exec /opt/kabinet/bin/kabinet "$@"
exec runuser -u kabinet -- /opt/kabinet/bin/kabinet "$@"
