#!/bin/bash
# A Slurm that records and can lie. usage: fake_slurm.sh FOLDER sbatch|squeue|sacct|scontrol|scancel ARGUMENT...
# FOLDER/jobs/ID   "comment|name|array" of what was accepted; ids fall, so that nothing can rely on their order
# FOLDER/lies      one line for each coming sbatch: ok error hang refuse busy garbage lost, or accepted_error accepted_hang
#                  accepted_twice (an error though it was accepted), late N (the same, and hidden from N looks of squeue)
# FOLDER/squeue.out sacct.out scontrol.out   what these print, instead of what follows from the jobs
# FOLDER/sinfo.out nodes.out   what sinfo and scontrol show node print; without it they fail as without a controller
# FOLDER/hang      a tool's name: it writes its process id to FOLDER/hanging and does not answer
# FOLDER/calls     all that was asked
folder=$1; tool=$2; shift 2
printf '%s %s\n' "$tool" "$*" >> "$folder/calls"
mkdir -p "$folder/jobs" "$folder/hidden"
if [ "$(cat "$folder/hang" 2>/dev/null)" = "$tool" ]; then echo $$ > "$folder/hanging"; exec sleep 60; fi

accept() {
  local id=90000 line name='' comment='' array=0
  [ ! -f "$folder/last_id" ] || read -r id < "$folder/last_id"
  id=$((id - 1)); echo $id > "$folder/last_id"
  while read -r line; do
    case "$line" in
      '#SBATCH --job-name='*) name=${line#*=} ;;
      '#SBATCH --comment='*) comment=${line#*=} ;;
      '#SBATCH --array='*) array=${line#*=} ;;
      '#'*) ;;
      *) break ;;
    esac
  done < "$script"
  echo "$comment|$name|$array|$script" > "$folder/jobs/$id"
  accepted=$id
}

case "$tool" in
sbatch)
  script=${!#}; lie=ok more=''
  if [ -s "$folder/lies" ]; then
    { read -r lie more; rest=$(cat); } < "$folder/lies"
    printf '%s' "${rest:+$rest$'\n'}" > "$folder/lies"
  fi
  lost_answer='sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'
  case "$lie" in
    ok) accept; echo "$accepted" ;;
    error) echo "$lost_answer" >&2; exit 1 ;;
    hang) sleep 60 ;;
    refuse) echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1 ;;
    refuse_accepted) accept; echo 'sbatch: error: Batch job submission failed: Unspecified error' >&2; exit 1 ;;
    busy) echo 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying' >&2; exit 1 ;;
    garbage) accept; echo 'Welcome to the cluster' ;;
    lost) echo 77 ;;
    accepted_error) accept; echo "$lost_answer" >&2; exit 1 ;;
    accepted_hang) accept; sleep 60 ;;
    accepted_twice) accept; accept; echo "$lost_answer" >&2; exit 1 ;;
    late) accept; echo "$more" > "$folder/hidden/$accepted"; echo "$lost_answer" >&2; exit 1 ;;
  esac ;;
squeue)
  [ ! -f "$folder/squeue.out" ] || { cat "$folder/squeue.out"; exit 0; }
  case "$*" in
    *%k*)
      for file in "$folder"/jobs/*; do
        [ -f "$file" ] || continue
        id=${file##*/}
        if [ -f "$folder/hidden/$id" ]; then
          read -r looks < "$folder/hidden/$id"
          if [ "$looks" -gt 0 ]; then echo $((looks - 1)) > "$folder/hidden/$id"; continue; fi
        fi
        IFS='|' read -r comment _ < "$file"
        echo "$id|$comment"
      done
      echo "12|somebody's own job" ;;
    *)
      for argument in "$@"; do case "$argument" in --jobs=*) ids=${argument#*=} ;; esac; done
      for id in ${ids//,/ }; do
        [ -f "$folder/jobs/$id" ] || continue
        IFS='|' read -r _ _ array _ < "$folder/jobs/$id"
        array=${array%\%*}
        for ((index = ${array%-*}; index <= ${array#*-}; ++index)); do echo "$id|$index|PENDING|Resources"; done
      done ;;
  esac ;;
sacct)
  [ -f "$folder/sacct.out" ] || { echo 'Slurm accounting storage is disabled' >&2; exit 1; }
  cat "$folder/sacct.out" ;;
scontrol)
  case "$*" in
    'show config') printf 'Configuration data as of 2026-11-22T10:00:00\nMaxArraySize            = %s\nMaxJobCount             = 10000\n' "$(cat "$folder/max_array_size" 2>/dev/null || echo 1001)" ;;
    *'show node'*) cat "$folder/nodes.out" 2>/dev/null || { echo 'slurm_load_node error: Unable to contact slurm controller (connect failure)' >&2; exit 1; } ;;
    *'show job'*) cat "$folder/scontrol.out" 2>/dev/null || { echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1; } ;;
  esac ;;
sinfo)
  cat "$folder/sinfo.out" 2>/dev/null || { echo 'slurm_load_partitions: Unable to contact slurm controller (connect failure)' >&2; exit 1; } ;;
scancel)
  for id in "$@"; do rm -f "$folder/jobs/$id"; done ;;
esac
