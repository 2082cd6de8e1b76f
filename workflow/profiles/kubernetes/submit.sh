#!/bin/sh
# Hands a job over to Kubernetes and prints its name: submit.sh CORES MEGABYTES MINUTES GPUS SCRIPT
set -eu
# Twins and prepared data are made once, not in every pod.
CACHE=${AMR_CORESET_CACHE:-$PWD/runs/cache}
limits="memory: $2M"
# For GPUs of another make, its name stands here, such as amd.com/gpu.
[ "$4" = 0 ] || limits="$limits, nvidia.com/gpu: $4"

kubectl create --output name --filename - <<END
apiVersion: batch/v1
kind: Job
metadata:
  generateName: amr-coreset-
spec:
  backoffLimit: 0
  activeDeadlineSeconds: $(($3 * 60))
  ttlSecondsAfterFinished: 86400
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: job
          image: "$IMAGE"
          command: [sh, "$5"]
          workingDir: "$PWD"
          env: [{name: AMR_CORESET_CACHE, value: "$CACHE"}]
          resources:
            requests: {cpu: "$1", memory: $2M}
            limits: {$limits}
          volumeMounts: [{name: project, mountPath: "$MOUNT"}]
      volumes: [{name: project, persistentVolumeClaim: {claimName: "$CLAIM"}}]
END
