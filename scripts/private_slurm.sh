# A private SLURM for tests, sourced by scripts/test_slurm.sh: one slurmctld and two slurmd of virtual nodes as child processes
# on loopback, all their files below one folder, everything ended by stop_slurm (and by the end of this shell). Needs no root, no system service and no
# installation: TOMOGRAD_SLURM_PREFIX=dir takes the packages unpacked there (dpkg-deb -x), else they are looked for on the
# PATH and in .slurm of the checkout.

# Sets slurmctld, slurmd, slurmstepd, munged, PATH and, for an unpacked prefix, library path and plugin_dir. Returns 1 when
# there is no SLURM.
find_slurm() {
  local prefix=${TOMOGRAD_SLURM_PREFIX:-} plugin program
  plugin_dir=''
  export PATH=$PATH:/usr/sbin:/sbin
  if [ -z "$prefix" ] && ! command -v slurmctld >/dev/null && [ -d .slurm/usr ]; then prefix=$PWD/.slurm; fi
  if [ -n "$prefix" ]; then
    plugin=$(find "$prefix/usr/lib" -name select_cons_tres.so 2>/dev/null | head -1)
    if [ -n "$plugin" ]; then
      plugin_dir=$(dirname "$plugin")
      export LD_LIBRARY_PATH=$plugin_dir:$(dirname "$plugin_dir")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    fi
    export PATH=$prefix/usr/bin:$prefix/usr/sbin:$PATH
  fi
  munged=$(command -v munged || true)
  for program in slurmctld slurmd slurmstepd; do
    printf -v $program %s "$(command -v $program || command -v $program-wlm || true)"
    [ -n "${!program}" ] || return 1
  done
  for program in sbatch squeue scontrol scancel sinfo; do command -v $program >/dev/null || return 1; done
}

# usage: free_ports N ; prints N ports below the ephemeral range that nobody listens on
free_ports() {
  local used port found=0
  used=$(awk 'NR>1{split($2,a,":"); print a[2]}' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true)
  while [ $found -lt "$1" ]; do
    port=$((20000 + RANDOM % 10000))
    grep -qi "^$(printf '%04X' $port)$" <<< "$used" && continue
    used+=$'\n'$(printf '%04X' $port)
    echo $port; found=$((found + 1))
  done
}

# usage: start_slurm FOLDER MAX_ARRAY_SIZE [CPUS_OF_A_NODE 1] ; FOLDER is private to us. Exports SLURM_CONF. Returns 1 with the logs on stderr.
start_slurm() {
  local folder=$1 user host ports tries authentication
  user=$(id -un); host=$(hostname -s)
  mkdir -p "$folder/state" "$folder/spool/n1" "$folder/spool/n2" "$folder/log"
  chmod 700 "$folder"
  mapfile -t ports < <(free_ports 3)
  slurm_pids=()
  # Without authentication anybody on this host could send jobs to our ports and have them run as us: a munge of our own, whose
  # key and socket only we can reach, keeps them out.
  authentication=$'AuthType=auth/none\nCredType=cred/none'
  if [ -n "$munged" ]; then
    (umask 077 && head -c 1024 /dev/urandom > "$folder/munge.key")
    setpriv --pdeathsig KILL "$munged" --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munge.pid" --log-file="$folder/log/munged.log" --seed-file="$folder/munge.seed" > "$folder/log/munged.out" 2>&1 &
    slurm_pids+=($!)
    for ((tries = 0; tries < 50; ++tries)); do [ ! -S "$folder/munge.socket" ] || break; sleep 0.1; done
    authentication=$'AuthType=auth/munge\nCredType=cred/munge\nAuthInfo=socket='$folder/munge.socket
  fi
  cat > "$folder/slurm.conf" <<CONF
ClusterName=tomograd
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
$authentication
SlurmUser=$user
SlurmdUser=$user
${plugin_dir:+PluginDir=$plugin_dir}
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,bf_interval=2
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
KillWait=5
MinJobAge=300
JobRequeue=1
MaxArraySize=$2
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobs.log
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=${3:-1} RealMemory=1000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports[2]} CPUs=${3:-1} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=1:00:00 State=UP
CONF
  export SLURM_CONF=$folder/slurm.conf
  setpriv --pdeathsig KILL "$slurmctld" -D > "$folder/log/slurmctld.out" 2>&1 & slurm_pids+=($!)
  start_node "$folder" n1; start_node "$folder" n2
  for ((tries = 0; tries < 150; ++tries)); do
    if [ "$(timeout 5 sinfo -h -N -o %T 2>/dev/null | grep -c '^idle$')" = 2 ]; then return 0; fi
    sleep 0.2
  done
  tail -n 5 "$folder"/log/* >&2
  return 1
}

start_node() {
  setpriv --pdeathsig KILL "$slurmd" -D -N "$2" -d "$slurmstepd" >> "$1/log/slurmd-$2.out" 2>&1 & slurm_pids+=($!)
}

# usage: crash_node FOLDER NODE ; kill -9 of its slurmd and of all that runs there, as when a machine loses power
crash_node() {
  local pid
  for pid in $(slurm_leftovers "$1"); do
    # A slurmd and its slurmstepd hold the node's log open; the jobs know the node's name.
    if ls -l "/proc/$pid/fd" 2>/dev/null | grep -q "/log/slurmd-$2.log" || { tr '\0' '\n' < "/proc/$pid/environ"; } 2>/dev/null | grep -qx "SLURMD_NODENAME=$2"; then
      kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    fi
  done
}

# Ends all that was started, jobs too. What slurmd has started belongs to no shell any more: it is known by its SLURM_CONF.
stop_slurm() {
  local folder=$1 pid tries
  [ -n "${slurm_pids:-}" ] || return 0
  timeout 10 scancel --quiet --user="$(id -u)" 2>/dev/null || true
  for ((tries = 0; tries < 25; ++tries)); do
    [ -n "$(timeout 5 squeue -h 2>/dev/null)" ] || break
    sleep 0.2
  done
  kill "${slurm_pids[@]}" 2>/dev/null || true
  for ((tries = 0; tries < 50; ++tries)); do
    kill -0 "${slurm_pids[@]}" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "${slurm_pids[@]}" 2>/dev/null || true
  wait "${slurm_pids[@]}" 2>/dev/null || true
  for pid in $(slurm_leftovers "$folder"); do kill -9 "$pid" 2>/dev/null || true; done
  slurm_pids=()
}

# The daemons, and the jobs below them, that were started with this folder's configuration.
slurm_leftovers() {
  local file pid variables
  for file in /proc/[0-9]*/environ; do
    pid=${file#/proc/}; pid=${pid%/environ}
    variables=$({ tr '\0' '\n' < "$file"; } 2>/dev/null) || continue
    grep -qxF "SLURM_CONF=$1/slurm.conf" <<< "$variables" || continue
    case "$(readlink "/proc/$pid/exe" 2>/dev/null)" in */slurmstepd*|*/slurmd*|*/slurmctld*|*/munged*) echo "$pid"; continue ;; esac
    if grep -q '^SLURM_JOB_ID=' <<< "$variables"; then echo "$pid"; fi
  done
}
