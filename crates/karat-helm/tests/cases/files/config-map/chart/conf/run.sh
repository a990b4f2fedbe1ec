#!/bin/sh
echo "tab	here"  
exec "$@"
