// What a timeline marks beside its blocks: attempts that ended because their worker was killed or had to give way, attempts that went on from an
// earlier one, and the waits between two attempts of a worker.
interface AttemptPart { trial: number; attempt: number; begin_seconds: number; end_seconds: number; outcome: string; reason: string }
interface WorkerPart { owner: string; attempts: readonly AttemptPart[] }

export interface LaneMark { lane: number; at: number; kind: 'kill' | 'preemption' | 'resume'; say: string }
export interface Wait { lane: number; from: number; to: number }

const endings: Record<string, LaneMark['kind']> = { lost: 'kill', preempted: 'preemption' }
const words: Record<LaneMark['kind'], string> = { kill: 'killed or silent', preemption: 'gave way', resume: 'resumed' }
export const laneWords = words

export function laneMarks(workers: readonly WorkerPart[]): LaneMark[] {
  return workers.flatMap((worker, lane) => worker.attempts.flatMap((one): LaneMark[] => {
    const say = (kind: LaneMark['kind']) => `trial ${one.trial}, attempt ${one.attempt}: ${words[kind]}${kind !== 'resume' && one.reason ? `, ${one.reason}` : ''}`
    const kind = endings[one.outcome]
    return [
      ...(one.attempt > 1 ? [{ lane, at: one.begin_seconds, kind: 'resume' as const, say: say('resume') }] : []),
      ...(kind ? [{ lane, at: one.end_seconds, kind, say: say(kind) }] : []),
    ]
  }))
}

/** Gaps of a second and more; a worker runs one trial at a time, so attempts do not overlap. */
export function laneWaits(workers: readonly WorkerPart[], least = 1): Wait[] {
  return workers.flatMap((worker, lane) => {
    const all = [...worker.attempts].sort((a, b) => a.begin_seconds - b.begin_seconds)
    return all.slice(1).map((one, i): Wait => ({ lane, from: all[i].end_seconds, to: one.begin_seconds })).filter(wait => wait.to - wait.from >= least)
  })
}

/** The path of a mark around (x, y): a cross, a triangle that points back, one that points on. */
export function markPath(kind: LaneMark['kind'], x: number, y: number, r = 4): string {
  if (kind === 'kill') return `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`
  const way = kind === 'resume' ? 1 : -1
  return `M${x - way * r} ${y - r}L${x + way * r} ${y}L${x - way * r} ${y + r}Z`
}
