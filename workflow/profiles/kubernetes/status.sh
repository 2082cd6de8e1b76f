#!/bin/sh
# Prints success, failed or running for a job. One that was deleted has failed; if nobody answers, it may still run.
state=$(kubectl get "$1" --ignore-not-found \
    --output 'jsonpath={.metadata.name} {.status.conditions[?(@.status=="True")].type}') || state=unknown
case "$state" in
*Complete*) echo success ;;
*Failed* | "") echo failed ;;
*) echo running ;;
esac
