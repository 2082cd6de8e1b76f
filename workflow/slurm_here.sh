#!/usr/bin/env bash
# Starts Debian's Slurm on this one machine, to try `make reproduce PROFILE=slurm` or to run its test.
#
#   workflow/slurm_here.sh          installs Slurm if it is missing (as root, by apt-get) and starts it
#   workflow/slurm_here.sh stop     cancels its jobs, ends what was started, and removes its configuration
#
# One node with all cores and memory of this machine, no accounting. A machine that has a Slurm configuration already is
# left alone.
set -euo pipefail

CONF=/etc/slurm/slurm.conf
MARK="# made by amr_coreset's workflow/slurm_here.sh; its stop removes this file"
STATE=/var/tmp/slurm_here

refuse() {
    echo "slurm_here.sh: $1 Nothing was changed." >&2
    exit 1
}

ours() { [ -f "$CONF" ] && grep -qxF "$MARK" "$CONF"; }

# Ends the process of a pid file, if it is still the program that wrote it.
end() {
    local pid
    pid=$(cat "$STATE/$1.pid" 2>/dev/null) || return 0
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || return 0
    kill "$pid"
    for _ in $(seq 50); do [ -e "/proc/$pid" ] || return 0; sleep 0.2; done
    kill -9 "$pid"
}

stop() {
    ours || refuse "no Slurm of this script is here."
    timeout 10 scancel --user="$(id -un)" 2>/dev/null || true
    end slurmd
    end slurmctld
    end munged # only if this script started it, as otherwise there is no such pid file
    rm -rf "$CONF" "$STATE"
    echo "Slurm is stopped and its configuration removed; the packages stay."
}

start() {
    if ours && timeout 10 squeue >/dev/null 2>&1; then
        echo "Slurm runs already."
        return
    fi
    if [ "$(command -v slurmctld slurmd sbatch munged | wc -l)" != 4 ]; then
        echo "Installing slurm-wlm and munge."
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
    fi
    mkdir -p "$STATE"/{ctld,d} "$(dirname "$CONF")"

    if ! munge -n 2>/dev/null | unmunge >/dev/null 2>&1; then
        [ -f /etc/munge/munge.key ] || mungekey --create
        install -d -o munge -g munge -m 755 /run/munge
        install -d -o munge -g munge -m 700 /var/lib/munge /var/log/munge
        chown munge: /etc/munge /etc/munge/munge.key
        runuser -u munge -- munged --force
        cp /run/munge/munged.pid "$STATE/munged.pid"
    fi

    # slurmd -C says the real cores and memory, as one line that starts with NodeName=. Some memory stays for the rest.
    local node memory
    node=$(slurmd -C | grep ^NodeName= | sed -E 's/ RealMemory=[0-9]+//')
    memory=$(awk '/^MemTotal:/ {print int($2 / 1024 * 0.95)}' /proc/meminfo)
    cat >"$CONF" <<END
$MARK
ClusterName=here
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
StateSaveLocation=$STATE/ctld
SlurmdSpoolDir=$STATE/d
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
$node RealMemory=$memory NodeAddr=127.0.0.1 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    slurmctld
    slurmd
    for _ in $(seq 60); do
        if [ "$(timeout 10 sinfo --noheader --format=%T 2>/dev/null)" = idle ]; then
            echo "Slurm runs: $(sinfo --noheader --format='%c cores, %m MB')."
            return
        fi
        sleep 0.5
    done
    tail -n 5 "$STATE"/slurm*.log >&2
    echo "slurm_here.sh: Slurm did not start; the logs are in $STATE, and \"slurm_here.sh stop\" cleans up." >&2
    exit 1
}

[ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null || refuse "this needs Debian or a system like it, with apt-get."
[ "$(id -u)" = 0 ] || refuse "installing and starting Slurm needs root."
[ -z "${SLURM_CONF:-}" ] || refuse "SLURM_CONF names a Slurm configuration ($SLURM_CONF)."
ls /etc/slurm-llnl/slurm.conf >/dev/null 2>&1 && refuse "this machine has a Slurm configuration already (/etc/slurm-llnl)."
if [ -e "$CONF" ] && ! ours; then refuse "this machine has a Slurm configuration already ($CONF)."; fi
if ! ours && pidof slurmctld slurmd >/dev/null; then refuse "Slurm daemons that this script did not start are running."; fi
case "${1:-start}" in
start) start ;;
stop) stop ;;
*) refuse "usage: slurm_here.sh [start|stop]." ;;
esac
